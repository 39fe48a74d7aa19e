#pragma once
// What each program reads of its settings when it starts: the same functions that the programs call.
#include "common/config/settings.h"
#include "common/ipc/senders.h"
#include "common/tables/open.h"

namespace ekiden::suite {

// The first thing that would keep a worker of the service from starting, or that would not mean what was
// meant; errors name the parameter where one is to blame. `as_root`: the workers have users of their own.
Result<> read_options(ipc::Service service, const Settings& settings, const tables::Source& source,
                      bool as_root);

}  // namespace ekiden::suite
