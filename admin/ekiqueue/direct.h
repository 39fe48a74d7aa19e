#pragma once
// Listing without a running manager: the spool's database, read only (docs/queue-states.md is its form).
#include <functional>
#include <string>

#include "common/base/error.h"
#include "common/ipc/messages/queue.h"

namespace ekiden::admin {

// Calls `show` for each message, in order of sequence. Permanent when the database has a form that this tool
// does not know.
Result<> list_directly(const std::string& database,
                       const std::function<void(const ipc::ListedMessage&)>& show);

}  // namespace ekiden::admin
