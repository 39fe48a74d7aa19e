// set-permissions: what the suite has on disk beside mail.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "admin/ekiden/commands.h"
#include "common/base/owned_fd.h"
#include "common/process/admin_tool.h"
#include "common/process/directories.h"

namespace ekiden::admin {
namespace {

int complain(const std::string& text, int status) {
    fmt::print(stderr, "ekiden: fatal: {}\n", text);
    return status;
}

struct Access {
    uid_t uid;
    gid_t gid;
    mode_t mode;
    bool operator==(const Access&) const = default;
};

// The directories that may be mended, and what stands directly in them.
std::map<std::string, Access> access_below(const std::vector<std::string>& directories) {
    std::map<std::string, Access> found;
    auto note = [&found](const std::string& path) {
        struct stat status{};
        if (lstat(path.c_str(), &status) == 0)
            found[path] = {status.st_uid, status.st_gid, status.st_mode & 07777};
    };
    for (const std::string& directory : directories) {
        note(directory);
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
            note(entry.path().string());
    }
    return found;
}

// Files in a directory of one program's own are that program's: nobody else may have made them.
Result<> give_to_owner(const std::string& directory, mode_t mode) {
    OwnedFd at(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!at) return errno == ENOENT ? Result<>() : Result<>(system_error("cannot open " + directory, errno));
    struct stat owner{};
    if (fstat(at.get(), &owner) != 0) return system_error("cannot stat " + directory, errno);
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
        std::string name = entry.path().filename().string();
        OwnedFd file(openat(at.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        struct stat status{};
        if (!file || fstat(file.get(), &status) != 0 || (status.st_nlink != 1 && !S_ISDIR(status.st_mode)))
            continue;
        bool directory_entry = S_ISDIR(status.st_mode);
        if (!directory_entry && !S_ISREG(status.st_mode)) continue;
        bool other = status.st_uid != owner.st_uid || status.st_gid != owner.st_gid;
        if (other && geteuid() == 0 && fchown(file.get(), owner.st_uid, owner.st_gid) != 0)
            return system_error("chown " + entry.path().string(), errno);
        mode_t wanted = directory_entry ? (mode | 0100) : mode;
        if ((status.st_mode & 07777) != wanted && fchmod(file.get(), wanted) != 0)
            return system_error("chmod " + entry.path().string(), errno);
    }
    if (failed) return temporary("cannot list " + directory + ": " + failed.message());
    return {};
}

}  // namespace

int set_permissions(const std::string& directory) {
    Result<process::ToolCall> call = process::tool_call({"-c", directory}, nullptr);
    if (!call) return complain(call.error().text, EX_CONFIG);
    const Settings& settings = call->settings;
    const std::string& queue = settings[param::queue_directory];
    std::vector<std::string> directories{queue,
                                         queue + "/queue",
                                         queue + "/queue/content",
                                         settings[param::data_directory],
                                         settings[param::virtual_mailbox_base],
                                         settings[param::empty_directory]};
    std::map<std::string, Access> before = access_below(directories);
    Result<> mended = process::prepare_directories(settings);
    if (mended) mended = give_to_owner(queue + "/queue", 0600);
    if (mended) mended = give_to_owner(queue + "/queue/content", 0600);
    for (const auto& [path, now] : access_below(directories)) {
        auto was = before.find(path);
        if (was == before.end())
            fmt::print(stderr, "ekiden: {}: made\n", path);
        else if (was->second != now)
            fmt::print(stderr, "ekiden: {}: owner {}:{} mode {:04o} is now {}:{} {:04o}\n", path,
                       was->second.uid, was->second.gid, was->second.mode, now.uid, now.gid, now.mode);
    }
    return mended ? EX_OK : complain(mended.error().text, EX_NOPERM);
}

}  // namespace ekiden::admin
