#pragma once
// The files of a rotation of the log: one at a time for a log, each of its steps such that what is cut short
// there is mended by the next rotation.
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::admin {

class Rotation {
  public:
    // `log` is a path with a directory. Waits at most so many seconds for a rotation that is under way, and
    // keeps others waiting while it lives. Takes away what one that was cut short has left.
    static Result<Rotation> begin(const std::string& log, unsigned seconds);
    Rotation(Rotation&&) = default;
    Rotation& operator=(Rotation&&) = delete;
    ~Rotation();

    // The log gets the name `aside`, in its directory, which nothing may have; a new one with its owner and
    // mode has the log's name in the same step. When that fails the log is as it was.
    Result<> set_aside(const std::string& aside) const;

  private:
    Rotation(std::string log, OwnedFd lock) : log_(std::move(log)), lock_(std::move(lock)) {}
    Result<> mend() const;

    std::string log_;
    OwnedFd lock_;
};

// Waits until nobody has what was set aside open for writing any longer, which its lock tells
// (common/log/log_file.h).
Result<> wait_until_released(const std::string& aside, unsigned seconds);

}  // namespace ekiden::admin
