// The parents belong to root, so that no program can put something else in the place of a directory of
// another one. A link where a directory should be is refused.
#include "common/process/directories.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "common/base/owned_fd.h"
#include "common/config/bad_parameter.h"
#include "common/log/log_file.h"
#include "common/process/users.h"

namespace ekiden::process {
namespace {

Result<UserIds> owner_named(const std::string& user) {
    if (geteuid() != 0) return UserIds{geteuid(), getegid()};
    if (user.empty()) return UserIds{0, 0};
    return find_user(user);
}

// What is right already is not touched: others may be using it.
Result<> ensure_directory(const std::string& path, const std::string& user, mode_t mode,
                          std::optional<unsigned> group = std::nullopt) {
    std::error_code failed;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
    if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
        return system_error("mkdir " + path, errno, ErrorKind::permanent);
    OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return system_error(path + " (it must be a directory, not a link)", errno, ErrorKind::permanent);
    Result<UserIds> owner = owner_named(user);
    if (!owner) return pass(owner);
    if (group) owner->gid = *group;
    struct stat is{};
    if (fstat(fd.get(), &is) != 0) return system_error(path, errno);
    bool others = is.st_uid != owner->uid || is.st_gid != owner->gid;
    if (geteuid() == 0 && others && fchown(fd.get(), owner->uid, owner->gid) != 0)
        return system_error("chown " + path, errno);
    if ((is.st_mode & 07777) != mode && fchmod(fd.get(), mode) != 0)
        return system_error("chmod " + path, errno);
    return {};
}

// Who is in the group, which is ekidrop alone, may put files there and cannot list or read them.
Result<> ensure_maildrop(const std::string& path, const Settings& settings) {
    if (geteuid() != 0) return ensure_directory(path, "", 0700);
    Result<unsigned> group = process::find_group(settings[param::setgid_group]);
    if (!group) return config::bad_parameter(param::setgid_group.name, group.error());
    return ensure_directory(path, settings[param::queue_owner], 01730, *group);
}

// The log's file belongs to the logger; the directory that it stands in is not ours.
Result<> ensure_log(const std::string& path, const std::string& user) {
    if (path.empty() || path == log::standard_output) return {};
    OwnedFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!fd) return system_error("maillog_file " + path, errno, ErrorKind::permanent);
    Result<UserIds> owner = owner_named(user);
    if (!owner) return pass(owner);
    if (geteuid() == 0 && fchown(fd.get(), owner->uid, owner->gid) != 0)
        return system_error("chown " + path, errno);
    return {};
}

}  // namespace

Result<> prepare_directories(const Settings& settings) {
    const std::string& queue = settings[param::queue_directory];
    struct Wanted {
        std::string path, user;
        mode_t mode;
    };
    const Wanted directories[] = {
        {queue, "", 0755},
        {queue + "/public", "", 0755},
        {queue + "/pid", "", 0755},
        {settings[param::empty_directory], "", 0555},
        {queue + "/queue", settings[param::queue_owner], 0700},
        {queue + "/corrupt", settings[param::queue_owner], 0700},
        {settings[param::data_directory], settings[param::auth_owner], 0755},
        {settings[param::virtual_mailbox_base], settings[param::virtual_owner], 0700},
    };
    for (const Wanted& wanted : directories)
        if (Result<> made = ensure_directory(wanted.path, wanted.user, wanted.mode); !made) return made;
    Result<> maildrop = ensure_maildrop(queue + "/maildrop", settings);
    if (!maildrop) return maildrop;
    return ensure_log(settings[param::maillog_file], settings[param::log_owner]);
}

}  // namespace ekiden::process
