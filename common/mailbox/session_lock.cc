#include "common/mailbox/session_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace ekiden::mailbox {

Result<SessionLock> SessionLock::take(int directory, const std::string& path) {
    OwnedFd file(
        openat(directory, path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!file) return system_error("cannot open the lock file " + path, errno);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return SessionLock(std::move(file));
    if (errno == EAGAIN || errno == EACCES) return denied("another session has this mailbox open");
    return system_error("cannot lock " + path, errno);
}

bool SessionLock::daily(std::int64_t now_seconds) const {
    constexpr std::int64_t day = 86400;
    struct stat info{};
    if (fstat(file_.get(), &info) != 0) return false;
    bool due = info.st_mtim.tv_sec <= now_seconds - day || info.st_mtim.tv_sec > now_seconds + day;
    if (due) futimens(file_.get(), nullptr);
    return due;
}

}  // namespace ekiden::mailbox
