// Content files below one directory descriptor.
#include "common/spool/content_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace ekiden::queue {
namespace {

struct DirectoryCloser {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<ContentStore> ContentStore::open(const std::string& directory) {
    std::string path = directory + "/content";
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return system_error("cannot make " + path, errno);
    return open_to_read(directory);
}

Result<ContentStore> ContentStore::open_to_read(const std::string& directory) {
    std::string path = directory + "/content";
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return system_error("cannot open " + path, errno);
    return ContentStore(std::move(fd));
}

Result<OwnedFd> ContentStore::create(const text::QueueId& id) const {
    std::string name = print(id);
    OwnedFd fd(
        ::openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd)
        return system_error("cannot make content/" + name, errno,
                            errno == EEXIST ? ErrorKind::permanent : ErrorKind::temporary);
    return fd;
}

void ContentStore::begin_sync(const text::QueueId& id) const {
    Result<OwnedFd> fd = open_for_reading(id);
    if (fd) (void)::sync_file_range(fd->get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<> ContentStore::sync(const text::QueueId& id, std::int64_t size) const {
    Result<OwnedFd> fd = open_for_reading(id);
    if (!fd) return pass(fd);
    struct stat status{};
    if (::fstat(fd->get(), &status) != 0) return system_error("cannot stat content/" + print(id), errno);
    if (!S_ISREG(status.st_mode) || status.st_size != size)
        return permanent(
            fmt::format("content/{} has {} octets instead of {}", print(id), status.st_size, size));
    if (::fdatasync(fd->get()) != 0) return system_error("cannot flush content/" + print(id), errno);
    return {};
}

Result<> ContentStore::sync_directory() const {
    if (::fsync(directory_.get()) != 0) return system_error("cannot flush the content directory", errno);
    return {};
}

Result<OwnedFd> ContentStore::open_for_reading(const text::QueueId& id) const {
    std::string name = print(id);
    OwnedFd fd(::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd)
        return system_error("cannot open content/" + name, errno,
                            errno == ENOENT ? ErrorKind::not_found : ErrorKind::temporary);
    return fd;
}

Result<std::int64_t> ContentStore::size(const text::QueueId& id) const {
    std::string name = print(id);
    struct stat status{};
    if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return system_error("cannot stat content/" + name, errno,
                            errno == ENOENT ? ErrorKind::not_found : ErrorKind::temporary);
    if (!S_ISREG(status.st_mode)) return not_found("content/" + name + " is not a file");
    return status.st_size;
}

void ContentStore::remove(const text::QueueId& id) const {
    // A failure leaves an orphan, which the next sweep finds.
    (void)::unlinkat(directory_.get(), print(id).c_str(), 0);
}

Result<int> ContentStore::sweep(const std::function<bool(const text::QueueId&)>& wanted) const {
    OwnedFd copy(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!copy) return system_error("cannot open the content directory", errno);
    std::unique_ptr<DIR, DirectoryCloser> listing(::fdopendir(copy.get()));
    if (!listing) return system_error("cannot list the content directory", errno);
    (void)copy.release();  // closed by closedir
    int removed = 0;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        std::optional<text::QueueId> id = text::parse_queue_id(name);
        if (id && wanted(*id)) continue;
        if (::unlinkat(directory_.get(), entry->d_name, 0) == 0) ++removed;
        errno = 0;
    }
    if (errno != 0) return system_error("cannot list the content directory", errno);
    return removed;
}

}  // namespace ekiden::queue
