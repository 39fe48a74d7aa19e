// The new text goes to a file beside the old one, is flushed, and takes its name; then the directory is
// flushed. The lock is on the directory, since the file itself is replaced.
#include "admin/ekiconf/edit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/base/owned_fd.h"
#include "common/config/check.h"
#include "common/config/main_cf.h"

namespace ekiden::ekiconf {
namespace {

// The file behind symbolic links, so that a link stays a link.
Result<std::string> real_path(const std::string& path) {
    std::array<char, PATH_MAX> resolved{};
    if (!::realpath(path.c_str(), resolved.data())) return system_error("cannot open " + path, errno);
    return std::string(resolved.data());
}

Result<> write_flushed(const OwnedFd& file, const std::string& path, std::string_view content) {
    while (!content.empty()) {
        ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("cannot write " + path, errno);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return system_error("cannot flush " + path, errno);
    return {};
}

Result<> replace(const std::string& path, const std::string& content, const OwnedFd& directory) {
    struct stat old{};
    if (::stat(path.c_str(), &old) != 0) return system_error("cannot open " + path, errno);
    std::string temporary_path = path + ".tmp";
    ::unlink(
        temporary_path.c_str());  // of an edit that was cut short; the lock says that no other is under way
    OwnedFd file(::open(temporary_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("cannot create " + temporary_path, errno);
    Result<> written = write_flushed(file, temporary_path, content);
    if (written && ((old.st_uid != ::geteuid() || old.st_gid != ::getegid()) &&
                    ::fchown(file.get(), old.st_uid, old.st_gid) != 0))
        written = system_error("cannot keep the owner of " + path, errno);
    if (written && ::fchmod(file.get(), old.st_mode & 07777) != 0)
        written = system_error("cannot keep the mode of " + path, errno);
    if (written && ::fsync(file.get()) != 0) written = system_error("cannot flush " + temporary_path, errno);
    if (written && ::rename(temporary_path.c_str(), path.c_str()) != 0)
        written = system_error("cannot replace " + path, errno);
    if (!written) {
        ::unlink(temporary_path.c_str());
        return written;
    }
    if (::fsync(directory.get()) != 0) return system_error("cannot flush the directory of " + path, errno);
    return {};
}

}  // namespace

Result<> edit(const Options& options) {
    Result<std::string> path = real_path(options.directory + "/main.cf");
    if (!path) return pass(path);
    std::string parent = path->substr(0, path->rfind('/') + 1);
    OwnedFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error("cannot open " + parent, errno);
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
        return temporary("another edit of " + *path + " is under way");
    Result<std::string> content = config::read_file(*path);
    if (!content) return pass(content);
    std::vector<std::pair<std::string, std::optional<std::string>>> changes(options.assignments.begin(),
                                                                            options.assignments.end());
    for (const std::string& name : options.names) changes.emplace_back(name, std::nullopt);
    return replace(*path, config::edit_main_cf(*content, changes), directory);
}

}  // namespace ekiden::ekiconf
