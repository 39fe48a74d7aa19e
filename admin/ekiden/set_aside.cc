// The lock is a file of its own beside the log: who may only read the log or list its directory cannot hold
// it. It goes with the rotation; who waited for it then finds that its name is gone, and makes it anew.
//
// Between link() and rename() the log has two names. A rotation that is cut short there leaves it so: the
// next one takes the second name away, or else lines would go on into what seems to be set aside, and
// compressors refuse a file with two names.
#include "admin/ekiden/set_aside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/base/clock.h"
#include "common/config/file_lock.h"
#include "common/log/log_file.h"

namespace ekiden::admin {
namespace {

namespace fs = std::filesystem;

std::string lock_of(const std::string& log) {
    fs::path path(log);
    return path.parent_path() / ("." + path.filename().string() + ".rotating");
}

Result<struct stat> find(const std::string& log) {
    struct stat is{};
    if (lstat(log.c_str(), &is) == 0 && S_ISREG(is.st_mode)) return is;
    return not_found(log + ": there is no such file to set aside");
}

// This name, or what a compressor made of it.
bool is_taken(const std::string& aside) {
    fs::path path(aside);
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path.parent_path(), ignored)) {
        std::string name = entry.path().filename().string(), wanted = path.filename().string();
        if (name == wanted || name.starts_with(wanted + ".")) return true;
    }
    return false;
}

}  // namespace

Result<Rotation> Rotation::begin(const std::string& log, unsigned seconds) {
    // Before a lock is made beside what is no log.
    if (Result<struct stat> there = find(log); !there) return pass(there);
    const std::string path = lock_of(log);
    const std::int64_t until = system_clock().steady_us() + std::int64_t{seconds} * 1'000'000;
    for (;;) {
        OwnedFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!lock) return system_error("cannot make " + path, errno, ErrorKind::permanent);
        const std::int64_t left = std::max<std::int64_t>(until - system_clock().steady_us(), 0);
        if (!config::lock_within(lock.get(), static_cast<unsigned>((left + 999'999) / 1'000'000))) {
            if (errno == EWOULDBLOCK) return temporary("another rotation of " + log + " is under way");
            return system_error("cannot lock " + path, errno, ErrorKind::permanent);
        }
        if (log::is_file_named(lock.get(), path)) {
            Rotation rotation(log, std::move(lock));
            if (Result<> mended = rotation.mend(); !mended) return pass(mended);
            return rotation;
        }
        if (left == 0) return temporary("other rotations of " + log + " are under way");
    }
}

Rotation::~Rotation() {
    if (lock_) unlink(lock_of(log_).c_str());
}

Result<> Rotation::mend() const {
    Result<struct stat> is = find(log_);
    if (!is) return pass(is);
    if (is->st_nlink == 1) return {};
    const fs::path path(log_);
    std::error_code unreadable;
    for (const auto& entry : fs::directory_iterator(path.parent_path(), unreadable)) {
        if (!entry.path().filename().string().starts_with(path.filename().string() + ".")) continue;
        struct stat other{};
        bool same = lstat(entry.path().c_str(), &other) == 0 && other.st_ino == is->st_ino &&
                    other.st_dev == is->st_dev;
        if (same && unlink(entry.path().c_str()) != 0)
            return system_error("cannot take away " + entry.path().string() + ", a second name of the log",
                                errno, ErrorKind::permanent);
    }
    if (unreadable)
        return system_error("cannot list the directory of " + log_, unreadable.value(), ErrorKind::permanent);
    return {};
}

// The new file has the old one's owner before it has its name: the logger, which comes to it with its next
// line, may be unable to make one.
Result<> Rotation::set_aside(const std::string& aside) const {
    if (is_taken(aside)) return permanent(aside + ": a log was set aside under this name before");
    Result<struct stat> old = find(log_);
    if (!old) return pass(old);
    std::string fresh = log_ + ".new";
    unlink(fresh.c_str());  // of a rotation that did not come to its end
    OwnedFd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return system_error("cannot make " + fresh, errno);
    bool made = (geteuid() != 0 || fchown(file.get(), old->st_uid, old->st_gid) == 0) &&
                fchmod(file.get(), old->st_mode & 07777) == 0;
    // link() does not replace what came meanwhile.
    const bool linked = made && link(log_.c_str(), aside.c_str()) == 0;
    if (linked && rename(fresh.c_str(), log_.c_str()) == 0) return {};
    Result<> failed = system_error("cannot set " + log_ + " aside as " + aside, errno);
    if (linked) unlink(aside.c_str());
    unlink(fresh.c_str());
    return failed;
}

Result<> wait_until_released(const std::string& aside, unsigned seconds) {
    OwnedFd file(open(aside.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return system_error("cannot open " + aside, errno);
    if (config::lock_within(file.get(), seconds)) return {};
    if (errno != EWOULDBLOCK) return system_error("cannot lock " + aside, errno);
    return temporary(aside + ": still written to; it is set aside, but not compressed");
}

}  // namespace ekiden::admin
