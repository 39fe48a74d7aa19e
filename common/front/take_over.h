#pragma once
// The session's side of a hand-over (hand_over.h), for every process that takes sessions.
#include "common/ipc/messages/control.h"
#include "common/process/daemon.h"

namespace ekiden::front {

// Makes `session` one of the worker's sessions, which outlives a front that is replaced. The answer to the
// front, its lifeline, comes when the session has ended or was cut off.
Task<Result<ipc::Done>> take_over(process::Worker& worker, Task<> session);

}  // namespace ekiden::front
