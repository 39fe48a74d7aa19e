// posix_fallocate() really allocates (where a file system cannot, libc writes zeros), so the blocks are ours.
#include "common/spool/reserve.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

namespace ekiden::queue {

Result<SpaceReserve> SpaceReserve::open(const std::string& directory, std::int64_t bytes) {
    std::string path = directory + "/reserve";
    OwnedFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("cannot open " + path, errno);
    SpaceReserve reserve(std::move(file), bytes);
    (void)reserve.refill();
    return reserve;
}

bool SpaceReserve::release() {
    bool had = whole_;
    whole_ = false;
    return ::ftruncate(file_.get(), 0) == 0 && had;
}

bool SpaceReserve::refill() {
    if (!whole_) whole_ = ::posix_fallocate(file_.get(), 0, bytes_) == 0;
    return whole_;
}

std::int64_t SpaceReserve::free_bytes() const {
    struct statvfs status{};
    if (::fstatvfs(file_.get(), &status) != 0) return -1;
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

}  // namespace ekiden::queue
