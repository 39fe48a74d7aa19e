#pragma once
// One command, from its start to its end: in a session of its own, the message on its standard input, what it
// writes gathered, killed with its whole process group when its time is over. It blocks. The caller has
// become the user already, and is a process for this command alone: once the command runs, the caller
// confines itself, before it looks at the message.
#include "common/base/error.h"
#include "local-delivery/command_text.h"

namespace ekiden::local_delivery {

// An error: nothing was started.
Result<CommandEnd> run_command(const ipc::Deliver& message, const Account& account,
                               const LocalSettings& settings);

}  // namespace ekiden::local_delivery
