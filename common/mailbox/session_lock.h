#pragma once
// One session's right to a mailbox: an exclusive OFD lock on a file of its own, which excludes other sessions
// of this process as well as other processes, and goes with the descriptor. Deliveries and other programs
// are not kept out.
#include <cstdint>
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::mailbox {

class SessionLock {
  public:
    // Makes the file where it is missing. `denied` when another session has it.
    static Result<SessionLock> take(int directory, const std::string& path);
    // True for the first session of a day, who then sweeps. The day stands in the file's time of
    // modification.
    bool daily(std::int64_t now_seconds) const;

  private:
    explicit SessionLock(OwnedFd file) : file_(std::move(file)) {}
    OwnedFd file_;
};

}  // namespace ekiden::mailbox
