// The new text goes to a file beside the old one, is flushed, and takes its name; then the directory is
// flushed. The lock is on the directory, since the file itself is replaced. Limits: access lists and extended
// attributes of the old file are not carried over.
#include "common/config/file_edit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "common/config/check.h"
#include "common/config/file_lock.h"

namespace ekiden::config {
namespace {

constexpr unsigned longest_wait = 10;  // seconds

Result<> lock(const OwnedFd& directory, const std::string& path) {
    if (lock_within(directory.get(), longest_wait)) return {};
    if (errno == EWOULDBLOCK)
        return temporary("another edit of " + path + " has been under way for ten seconds");
    return system_error("cannot lock the directory of " + path, errno);
}

Result<> write_all(const OwnedFd& file, const std::string& path, std::string_view content) {
    while (!content.empty()) {
        ssize_t written = ::write(file.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("cannot write " + path, errno);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// The new file has the old one's owner and mode before anybody can open it by the old one's name.
Result<> fill(const OwnedFd& file, const std::string& path, std::string_view content,
              const struct stat& old) {
    if (Result<> written = write_all(file, path, content); !written) return written;
    bool same_owner = old.st_uid == ::geteuid() && old.st_gid == ::getegid();
    if (!same_owner && ::fchown(file.get(), old.st_uid, old.st_gid) != 0)
        return system_error("cannot keep the owner of " + path, errno);
    if (::fchmod(file.get(), old.st_mode & 07777) != 0)
        return system_error("cannot keep the mode of " + path, errno);
    if (::fsync(file.get()) != 0) return system_error("cannot flush " + path, errno);
    return {};
}

}  // namespace

Result<FileEdit> FileEdit::open(const std::string& path) {
    std::array<char, PATH_MAX> resolved{};
    if (!::realpath(path.c_str(), resolved.data()))
        return system_error("cannot open " + path + " for reading", errno);
    FileEdit edit;
    edit.path_ = resolved.data();
    std::string parent = edit.path_.substr(0, edit.path_.rfind('/') + 1);
    edit.directory_ = OwnedFd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!edit.directory_) return system_error("cannot open " + parent, errno);
    if (Result<> locked = lock(edit.directory_, path); !locked) return pass(locked);
    Result<std::string> content = read_file(edit.path_);
    if (!content) return pass(content);
    if (content->find('\0') != std::string::npos) return malformed(path + " holds a NUL octet");
    edit.content_ = std::move(*content);
    return edit;
}

Result<> FileEdit::replace(const std::string& content) {
    struct stat old{};
    if (::stat(path_.c_str(), &old) != 0) return system_error("cannot open " + path_, errno);
    std::string temporary_path = path_ + ".tmp";
    // Of an edit that was cut short; the lock says that no other is under way.
    ::unlink(temporary_path.c_str());
    OwnedFd file(::open(temporary_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("cannot open " + temporary_path, errno);
    Result<> done = fill(file, temporary_path, content, old);
    if (done && ::rename(temporary_path.c_str(), path_.c_str()) != 0)
        done = system_error("cannot replace " + path_, errno);
    if (!done) {
        ::unlink(temporary_path.c_str());
        return done;
    }
    if (::fsync(directory_.get()) != 0) return system_error("cannot flush the directory of " + path_, errno);
    return {};
}

}  // namespace ekiden::config
