#pragma once
// Waiting for a lock, but not for ever: for tools, which have nothing else to do meanwhile.

namespace ekiden::config {

// Takes flock(LOCK_EX) on what is open as `fd`, and waits at most so many seconds for those who hold it.
// False with errno when it could not; EWOULDBLOCK when the time was up. Uses SIGALRM meanwhile.
bool lock_within(int fd, unsigned seconds);

}  // namespace ekiden::config
