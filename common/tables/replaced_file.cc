#include "common/tables/replaced_file.h"

#include <cerrno>

namespace ekiden::tables {
namespace {

constexpr std::int64_t look_again_us = 1000;

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

Result<bool> ReplacedFile::changed() {
    std::int64_t now_us = clock_.steady_us();
    if (known_ && now_us - looked_us_ < look_again_us) return false;
    struct stat now{};
    if (::stat(path_.c_str(), &now) != 0) {
        int number = errno;
        known_ = false;
        return system_error("cannot open " + path_ + remedy_, number);
    }
    if (!S_ISREG(now.st_mode)) {
        known_ = false;
        return temporary(path_ + " is no regular file" + remedy_);
    }
    bool same = known_ && same_file(now, seen_);
    known_ = true;
    looked_us_ = now_us;
    seen_ = now;
    return !same;
}

}  // namespace ekiden::tables
