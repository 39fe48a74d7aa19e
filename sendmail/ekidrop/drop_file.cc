// Durability: the data are flushed before the file gets its name. The name itself cannot be flushed by way of
// its directory, which this program may write but not read; instead the file is flushed once more after
// rename(), which brings its name to disk on ext4, XFS, btrfs and ZFS (docs/maildrop-format.md).
#include "sendmail/ekidrop/drop_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "common/base/clock.h"
#include "common/maildrop/reader.h"

namespace ekiden::drop {
namespace {

// Pickup, another user, reads what this file says; nobody else can reach it in its directory.
constexpr mode_t whole_mode = 0604;

// In the order of time, and never to be guessed or met twice.
Result<std::string> new_id() {
    std::array<std::uint64_t, 2> random{};
    if (getrandom(random.data(), sizeof random, 0) != sizeof random) return system_error("getrandom", errno);
    return fmt::format("{:014x}.{:016x}{:016x}", system_clock().wall_us(), random[0], random[1]);
}

Result<> check_space(const std::string& directory, const Settings& settings) {
    struct statvfs space{};
    if (statvfs(directory.c_str(), &space) != 0) return system_error(directory, errno);
    std::int64_t needed =
        std::max(settings[param::queue_minfree], settings[param::message_size_limit] / 2 * 3);
    auto free = static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
    if (free < needed) return temporary("insufficient storage: fewer octets are free than queue_minfree");
    return {};
}

Result<> write_all(int fd, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t written = write(fd, octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EFBIG) return permanent("message file too big");
        if (written <= 0) return system_error("queue file write error", written < 0 ? errno : ENOSPC);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

Result<DropFile> DropFile::create(const Settings& settings) {
    std::string directory = settings[param::queue_directory] + "/maildrop";
    struct stat facts{};
    if (lstat(directory.c_str(), &facts) != 0) return system_error(directory, errno);
    if (!S_ISDIR(facts.st_mode)) return permanent(directory + " is not a directory");
    if (Result<> space = check_space(directory, settings); !space) return pass(space);
    Result<std::string> id = new_id();
    if (!id) return pass(id);
    std::string path = fmt::format("{}/{}{}", directory, maildrop::temporary_prefix, *id);
    OwnedFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return system_error("cannot create a file in " + directory, errno);
    DropFile file(std::move(fd), directory, std::move(*id),
                  static_cast<std::uint64_t>(settings[param::message_size_limit]));
    struct stat made{};
    if (fstat(file.fd_.get(), &made) != 0) return system_error(path, errno);
    // Root need not be setgid: its files get the group that pickup asks for all the same.
    if (made.st_gid != facts.st_gid && fchown(file.fd_.get(), static_cast<uid_t>(-1), facts.st_gid) != 0)
        return system_error("the group of " + path, errno);
    return file;
}

DropFile::~DropFile() {
    if (fd_ && !id_.empty()) unlink(temporary_path().c_str());
}

std::string DropFile::temporary_path() const {
    return fmt::format("{}/{}{}", directory_, maildrop::temporary_prefix, id_);
}

Result<> DropFile::copy_from(int input) {
    std::array<char, 65536> buffer{};
    maildrop::Reader reader;
    std::string content;
    while (true) {
        ssize_t got = read(input, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("cannot read the message", errno);
        if (got == 0) break;
        std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
        Result<> taken = reader.take(piece, content);
        if (!taken) return taken;
        content.clear();
        if (size_limit_ != 0 && reader.content_octets() > size_limit_)
            return permanent("message file too big");
        if (Result<> written = write_all(fd_.get(), piece); !written) return written;
    }
    if (!reader.done()) return malformed("the message ends before its end");
    return {};
}

Result<> DropFile::publish() {
    if (fchmod(fd_.get(), whole_mode) != 0) return system_error("chmod", errno);
    if (fsync(fd_.get()) != 0) return system_error("queue file write error", errno);
    std::string path = fmt::format("{}/{}{}", directory_, maildrop::whole_prefix, id_);
    if (rename(temporary_path().c_str(), path.c_str()) != 0) return system_error("rename " + path, errno);
    id_.clear();
    if (fsync(fd_.get()) != 0) {
        Result<> failed = system_error("queue file write error", errno);
        unlink(path.c_str());
        return failed;
    }
    return {};
}

}  // namespace ekiden::drop
