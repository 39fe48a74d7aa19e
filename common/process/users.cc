#include "common/process/users.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/config/bad_parameter.h"
#include "common/process/sandbox.h"
#include "common/text/ascii.h"

namespace ekiden::process {

Result<UserIds> find_user(const std::string& name) {
    const passwd* entry = getpwnam(name.c_str());
    if (!entry)
        return not_found("there is no user \"" + text::printable(name, 60) +
                         "\": create it (./dev setup or the package does)");
    return UserIds{entry->pw_uid, entry->pw_gid};
}

Result<unsigned> find_group(const std::string& name) {
    const group* entry = getgrnam(name.c_str());
    if (!entry)
        return not_found("there is no group \"" + text::printable(name, 60) +
                         "\": create it (./dev setup or the package does)");
    return entry->gr_gid;
}

Result<UserIds> owner_of(const Param<std::string>& parameter, const Settings& settings) {
    Result<UserIds> ids = find_user(settings[parameter]);
    if (!ids) return config::bad_parameter(parameter.name, ids.error());
    if (ids->uid == 0 || ids->gid == 0)
        return config::bad_parameter(parameter.name, "a worker never runs as root: name a user of its own");
    return ids;
}

Result<> become_owner_of(const std::string& what, const std::string& directory) {
    struct stat status{};
    if (stat(directory.c_str(), &status) != 0)
        return system_error("cannot use " + what + " " + directory, errno);
    if (geteuid() != 0 || status.st_uid == 0) return {};
    const passwd* owner = getpwuid(status.st_uid);
    if (owner == nullptr)
        return not_found(
            fmt::format("{} {} belongs to uid {}, who is nobody", what, directory, status.st_uid));
    return become(owner->pw_name);
}

}  // namespace ekiden::process
