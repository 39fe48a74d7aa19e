#include "common/mailbox/maildir_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/mailbox/maildir_name.h"
#include "common/text/ascii.h"

namespace ekiden::mailbox {
namespace {

constexpr std::int64_t leftover_age = 36 * 3600;
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};

// Makes one directory if it is missing and opens it. Empty on failure, with errno.
OwnedFd make_and_open(int parent, const char* name, bool flush) {
    OwnedFd directory(openat(parent, name, directory_flags));
    if (directory || errno != ENOENT) return directory;
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return OwnedFd();
    if (flush && fsync(parent) != 0) return OwnedFd();
    return OwnedFd(openat(parent, name, directory_flags));
}

// All directories of the path. Empty on failure, with errno.
OwnedFd make_directories(int root, std::string_view path, bool flush) {
    OwnedFd directory(openat(root, path.starts_with('/') ? "/" : ".", directory_flags));
    for (const std::string& part : text::split(path, "/")) {
        if (!directory) return directory;
        directory = make_and_open(directory.get(), part.c_str(), flush);
    }
    return directory;
}

// All directories of the path, then tmp, new and cur.
OwnedFd create_maildir(int mail_root, const std::string& mailbox, bool flush) {
    OwnedFd directory = make_directories(mail_root, mailbox, flush);
    if (directory && !make_maildir_parts(directory.get(), flush)) return OwnedFd();
    return directory;
}

}  // namespace

Result<OwnedFd> open_or_create_maildir(int mail_root, const std::string& mailbox, bool flush, int* why) {
    if (why) *why = 0;
    OwnedFd maildir(openat(mail_root, mailbox.c_str(), directory_flags));
    if (!maildir && errno == ENOENT) maildir = create_maildir(mail_root, mailbox, flush);
    if (!maildir) {
        if (why) *why = errno;
        std::string_view remedy =
            errno == EACCES || errno == EPERM
                ? "; do the mail root and the directories above the mailbox belong to its owner?"
                : "";
        return temporary(
            fmt::format("cannot open or create maildir {}: {}{}", mailbox, strerror(errno), remedy));
    }
    struct stat info{};
    if (fstat(maildir.get(), &info) != 0) return system_error("cannot examine maildir " + mailbox, errno);
    if (info.st_uid != geteuid())
        return temporary(
            fmt::format("maildir {} belongs to uid {}, not to the recipient's uid {}; change its owner",
                        mailbox, info.st_uid, geteuid()));
    return maildir;
}

bool make_parents(int directory, const std::string& path, bool flush) {
    std::size_t slash = path.rfind('/');
    std::string parent = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    struct stat info{};
    if (parent.empty() || fstatat(directory, parent.c_str(), &info, 0) == 0) return true;
    return errno == ENOENT && make_directories(directory, parent, flush);
}

bool make_maildir_parts(int maildir, bool flush) {
    bool made = false;
    for (const char* sub : {"tmp", "new", "cur"}) {
        struct stat info{};
        if (fstatat(maildir, sub, &info, 0) == 0) continue;
        if (errno != ENOENT || (mkdirat(maildir, sub, 0700) != 0 && errno != EEXIST)) return false;
        made = true;
    }
    return !made || !flush || fsync(maildir) == 0;
}

Result<> for_each_name(int maildir, const char* sub, const std::function<bool(std::string_view)>& seen) {
    int fd = openat(maildir, sub, directory_flags);
    if (fd < 0 && errno == ENOENT) return {};
    if (fd < 0) return system_error(fmt::format("cannot open {}/ of a maildir", sub), errno);
    std::unique_ptr<DIR, CloseDirectory> directory(fdopendir(fd));
    if (!directory) {
        close(fd);
        return system_error(fmt::format("cannot read {}/ of a maildir", sub), errno);
    }
    for (;;) {
        errno = 0;
        const dirent* entry = readdir(directory.get());
        if (entry == nullptr && errno != 0)
            return system_error(fmt::format("cannot read {}/ of a maildir", sub), errno);
        if (entry == nullptr) return {};
        if (entry->d_name[0] == '.' || entry->d_type == DT_DIR) continue;
        if (!seen(entry->d_name)) return {};
    }
}

Result<std::optional<EarlierCopy>> find_by_base(int maildir, std::string_view base) {
    // A message only moves from new/ to cur/, so looking in that order cannot miss it.
    for (const char* sub : {"new", "cur"}) {
        std::optional<EarlierCopy> found;
        Result<> walked = for_each_name(maildir, sub, [&](std::string_view name) {
            if (parse_name(name).base == base) found = EarlierCopy{std::string(name), sub[0] == 'c'};
            return !found;
        });
        if (found) return found;
        if (!walked) return pass(walked);
    }
    return std::optional<EarlierCopy>();
}

std::uint64_t maildir_size(int maildir) {
    std::uint64_t total = 0;
    for (const char* sub : {"new", "cur"}) {
        Result<> walked = for_each_name(maildir, sub, [&](std::string_view name) {
            std::optional<std::uint64_t> size = parse_name(name).size;
            struct stat info{};
            std::string path = fmt::format("{}/{}", sub, name);
            if (!size && fstatat(maildir, path.c_str(), &info, 0) == 0)
                size = static_cast<std::uint64_t>(info.st_size);
            // Names are the owner's to choose: an absurd size must not wrap the sum.
            total += std::min<std::uint64_t>(size.value_or(0), std::uint64_t{1} << 50);
            return true;
        });
    }
    return total;
}

bool flush_directory(int maildir, const char* sub) {
    OwnedFd directory(openat(maildir, sub, directory_flags));
    return directory && fsync(directory.get()) == 0;
}

void sweep_tmp(int maildir, std::int64_t now_seconds) {
    Result<> walked = for_each_name(maildir, "tmp", [&](std::string_view name) {
        std::string path = fmt::format("tmp/{}", name);
        struct stat info{};
        if (fstatat(maildir, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            info.st_mtim.tv_sec + leftover_age < now_seconds)
            unlinkat(maildir, path.c_str(), 0);
        return true;
    });
}

}  // namespace ekiden::mailbox
