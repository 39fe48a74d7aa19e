#pragma once
// Space for recording outcomes on a full disk: a file of allocated blocks that is given up when a write finds
// no space and made again when there is some. Also tells how much space is free.
#include <cstdint>
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::queue {

class SpaceReserve {
  public:
    // `bytes` are allocated at once when the disk has them; when it does not, the reserve begins empty.
    static Result<SpaceReserve> open(const std::string& directory, std::int64_t bytes);

    // For somebody who only reads.
    static SpaceReserve none() { return SpaceReserve(OwnedFd(), 0); }

    // Gives the blocks to the file system. False: there was nothing left to give.
    bool release();
    // Allocates the blocks again. True when the reserve is whole.
    bool refill();
    bool whole() const { return whole_; }
    // Bytes that an ordinary user may still write on the spool's file system; negative when that cannot be
    // told.
    std::int64_t free_bytes() const;

  private:
    SpaceReserve(OwnedFd file, std::int64_t bytes) : file_(std::move(file)), bytes_(bytes) {}
    OwnedFd file_;
    std::int64_t bytes_;
    bool whole_ = false;
};

}  // namespace ekiden::queue
