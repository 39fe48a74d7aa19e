#include "admin/ekimap/as_owner.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace ekiden::ekimap {

Result<AsOwner> AsOwner::of(const std::string& path) {
    AsOwner owner;
    struct stat facts{};
    if (::geteuid() != 0 || ::stat(path.c_str(), &facts) != 0 || facts.st_uid == 0) return owner;
    if (::setgroups(0, nullptr) != 0 || ::setegid(facts.st_gid) != 0)
        return system_error("cannot take the group of " + path, errno);
    owner.changed_ = true;
    if (::seteuid(facts.st_uid) != 0) return system_error("cannot become the owner of " + path, errno);
    return owner;
}

AsOwner::~AsOwner() {
    // To go on with other rights than meant would be worse than to stop.
    if (changed_ && (::seteuid(0) != 0 || ::setegid(::getgid()) != 0)) std::abort();
}

}  // namespace ekiden::ekimap
