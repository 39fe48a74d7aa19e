#include "sendmail/pickup/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "common/maildrop/drop.h"
#include "common/text/ascii.h"

namespace ekiden::pickup {
namespace {

constexpr std::int64_t stale_after = 86'400;      // seconds
constexpr std::size_t entries_limit = 1'000'000;  // looked at in one go

Result<OwnedFd> open_directory(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return system_error(path, errno);
    return fd;
}

Result<std::vector<std::string>> entries_of(int directory) {
    OwnedFd own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own) return system_error("opening maildrop", errno);
    std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(own.get()), closedir);
    if (!stream) return system_error("reading maildrop", errno);
    own.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(stream.get())) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
        if (names.size() == entries_limit) break;
    }
    if (errno != 0 && names.empty()) return system_error("reading maildrop", errno);
    return names;
}

// Letters, digits and dots: such a name can stand in a log line and in the queue's database.
bool is_whole_name(const std::string& name) {
    return name.starts_with(maildrop::whole_prefix) && name.size() <= 100 &&
           std::ranges::all_of(name, [](char c) { return text::is_alnum(c) || c == '.'; });
}

}  // namespace

Result<Directory> Directory::open(const std::string& queue, Trust trust) {
    std::string path = queue + "/maildrop", aside = queue + "/corrupt";
    Result<OwnedFd> fd = open_directory(path), quarantine = open_directory(aside);
    if (!fd) return pass(fd);
    if (!quarantine) return pass(quarantine);
    return Directory(std::move(*fd), std::move(*quarantine), path, aside, trust);
}

Result<std::vector<std::string>> Directory::list(
    std::size_t limit, const std::function<bool(const std::string&)>& skip,
    const std::function<void(const std::string&, std::string)>& strange) {
    Result<std::vector<std::string>> names = entries_of(fd_.get());
    if (!names) return names;
    std::vector<std::string> whole;
    for (std::string& name : *names) {
        if (skip(name)) continue;
        if (is_whole_name(name))
            whole.push_back(std::move(name));
        else if (!name.starts_with(maildrop::temporary_prefix))
            strange(name, "not the name of a message");
    }
    std::ranges::sort(whole);
    if (whole.size() > limit) whole.resize(limit);
    return whole;
}

Result<Opened> Directory::open_file(const std::string& name) const {
    OwnedFd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return not_found("it is gone");
    if (!fd && (errno == ELOOP || errno == ENXIO)) return denied("not a regular file");
    if (!fd && errno == EACCES) return malformed("it may not be read");
    if (!fd) return system_error("cannot be opened", errno);
    struct stat facts{};
    if (fstat(fd.get(), &facts) != 0) return system_error("cannot be looked at", errno);
    if (!S_ISREG(facts.st_mode)) return denied("not a regular file");
    if (facts.st_nlink != 1) return malformed(fmt::format("it has {} names", facts.st_nlink));
    if (facts.st_gid != trust_.gid)
        return malformed(fmt::format("its group is {}, not that of ekidrop", facts.st_gid));
    if (!trust_.any_uid && facts.st_uid != trust_.uid)
        return malformed(fmt::format("its owner is user {}", facts.st_uid));
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) return malformed("others may write to it");
    std::int64_t written = facts.st_mtim.tv_sec * std::int64_t{1'000'000} + facts.st_mtim.tv_nsec / 1000;
    return Opened{std::move(fd), facts.st_uid, written};
}

Result<> Directory::set_aside(const std::string& name) const {
    // A name that is there already is not written over.
    for (int number = 0; number < 100; ++number) {
        std::string to = number == 0 ? name : fmt::format("{}.{}", name, number);
        struct stat there{};
        if (fstatat(quarantine_.get(), to.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) continue;
        if (renameat(fd_.get(), name.c_str(), quarantine_.get(), to.c_str()) == 0) return {};
        return system_error("cannot be moved to " + quarantine_path_, errno);
    }
    return permanent("cannot be moved to " + quarantine_path_ + ": there are many of that name");
}

Result<> Directory::remove(const std::string& name) const {
    if (unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return system_error("cannot be removed", errno);
    return {};
}

Result<> Directory::flush() const {
    if (fsync(fd_.get()) != 0) return system_error("cannot flush " + path_, errno);
    return {};
}

std::vector<std::string> Directory::remove_stale(std::int64_t now_seconds) const {
    std::vector<std::string> removed;
    Result<std::vector<std::string>> names = entries_of(fd_.get());
    if (!names) return removed;
    for (const std::string& name : *names) {
        struct stat facts{};
        if (!name.starts_with(maildrop::temporary_prefix)) continue;
        if (fstatat(fd_.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
        bool stale = !S_ISDIR(facts.st_mode) && facts.st_mtim.tv_sec + stale_after < now_seconds;
        if (stale && unlinkat(fd_.get(), name.c_str(), 0) == 0) removed.push_back(name);
    }
    return removed;
}

}  // namespace ekiden::pickup
