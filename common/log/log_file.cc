#include "common/log/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace ekiden::log {
namespace {

constexpr int attempts = 3;

}  // namespace

bool is_file_named(int fd, const std::string& path) {
    struct stat named{}, opened{};
    return stat(path.c_str(), &named) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

Result<OwnedFd> open_file(const std::string& path, bool make) {
    for (int attempt = 1;; ++attempt) {
        int how = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0);
        OwnedFd file(::open(path.c_str(), how, 0640));
        if (!file) return system_error("maillog_file " + path, errno);
        // Set aside between the two calls: the next one is in its place. A file system without locks has no
        // say in whether there is a log.
        bool locked = flock(file.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK;
        if ((locked && is_file_named(file.get(), path)) || attempt == attempts) return file;
    }
}

}  // namespace ekiden::log
