#pragma once
// The command line of ekiqueue: postqueue's options, and those of postsuper that change one message.
#include <string>
#include <vector>

#include "common/base/error.h"

namespace ekiden::admin {

enum class QueueAction {
    list,        // -p
    list_json,   // -j
    flush,       // -f
    flush_id,    // -i id
    flush_site,  // -s site
    hold,        // -h which
    release,     // -H which
    requeue,     // -r which
    remove,      // -d which
};

struct QueueOptions {
    QueueAction action = QueueAction::list;
    std::string argument;             // id, site, recipient's address, or ALL
    std::vector<std::string> config;  // -c and its directory, for process::tool_call
};

inline constexpr const char* queue_usage =
    "usage: ekiqueue [-c config_dir] -p | -j | -f | -i queue_id | -s site\n"
    "       ekiqueue [-c config_dir] -h | -H | -r | -d queue_id|recipient|@domain|ALL\n"
    "  -p  list the queue            -j  the same as JSON, a line a message\n"
    "  -f  try all deferred mail now -i  try one message now\n"
    "  -s  try the mail for one domain, or for one recipient, now\n"
    "  -h  hold   -H  release from hold   -r  requeue   -d  delete";

// Malformed when there is not exactly one action, or an option is unknown or lacks its argument.
Result<QueueOptions> parse_queue_options(const std::vector<std::string>& arguments);

}  // namespace ekiden::admin
