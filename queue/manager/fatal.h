#pragma once
// What to do about an exception that nobody expected in a task of the queue.
#include <exception>

namespace ekiden::queue {

// Logs it and ends the process at once. Without its writer, its loader, its pump or the end of one pass the
// queue would be half dead and mail would wait in it for ever; the spool knows all that is needed, so the
// process that master starts next goes on where this one stopped.
[[noreturn]] void stop_at(std::exception_ptr failure);

}  // namespace ekiden::queue
