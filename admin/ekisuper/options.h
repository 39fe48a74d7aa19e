#pragma once
// The command line of ekisuper: postsuper's options.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/ipc/messages/queue.h"

namespace ekiden::ekisuper {

// One of -d -e -f -h -H -r with all the ids that were given for it. -f is both of -e and -H.
struct Order {
    ipc::QueueVerb verb;
    std::vector<std::string> ids;  // as they were given, in order; no ALL among them
    bool all = false;              // its id was ALL
};

struct Options {
    std::optional<std::string> config;  // -c
    std::vector<Order> orders;          // in the order in which they are carried out
    bool structure = false;             // -s or -S, or nothing was asked for
    bool temporary = false;             // -p, or nothing was asked for
    bool verbose = false;
    std::uint8_t queues = 0;  // bits of QueueState: those named, or all
};

inline constexpr const char* usage =
    "usage: ekisuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] "
    "[-f queue_id (expire and/or un-hold)] [-h queue_id (hold)] [-H queue_id (un-hold)] "
    "[-p (purge temporary files)] [-r queue_id (requeue)] [-s (structure check)] "
    "[-S (structure check)] [-v (verbose)] [queue...]";

// An id `-` stands for those that `next_line` gives, one a line, until it gives nothing. Malformed: an
// unknown option, one without its argument, a queue that there is none of, `-` more than once.
Result<Options> parse_options(const std::vector<std::string>& arguments,
                              const std::function<std::optional<std::string>()>& next_line);

// "Deleted", "Placed on hold": the words of the report.
std::string_view reported(ipc::QueueVerb verb);

}  // namespace ekiden::ekisuper
