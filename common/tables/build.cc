#include "common/tables/build.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/tables/cdb.h"
#include "common/tables/indexed.h"

namespace ekiden::tables {
namespace {

std::string directory_of(const std::string& path) {
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<> flush(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return system_error("cannot flush " + path, errno);
    return {};
}

Result<> write_all(const std::string& path, std::string_view content) {
    OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return system_error("cannot create " + path, errno);
    while (!content.empty()) {
        ssize_t wrote = ::write(fd.get(), content.data(), content.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return system_error("cannot write " + path, errno);
        content.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

}  // namespace

Result<BuildLock> BuildLock::take(const std::string& path, Milliseconds time) {
    constexpr Milliseconds pause{50};
    std::string directory = directory_of(path);
    BuildLock lock;
    lock.directory_ = OwnedFd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock.directory_) return system_error("cannot open " + directory, errno);
    while (::flock(lock.directory_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return system_error("cannot lock " + directory, errno);
        if (time <= Milliseconds(0)) return temporary(directory + " is locked by another who builds a table");
        ::poll(nullptr, 0, static_cast<int>(pause.count()));
        time -= pause;
    }
    return lock;
}

Result<> replace_file(const std::string& path, unsigned mode,
                      const std::function<Result<>(const std::string& path)>& fill) {
    std::string fresh = path + ".new." + std::to_string(::getpid());
    ::unlink(fresh.c_str());
    Result<> done = fill(fresh);
    if (done && ::chmod(fresh.c_str(), mode) != 0)
        done = system_error("cannot set the mode of " + fresh, errno);
    if (done) done = flush(fresh);
    if (done && ::rename(fresh.c_str(), path.c_str()) != 0)
        done = system_error("cannot replace " + path, errno);
    if (!done) {
        ::unlink(fresh.c_str());
        ::unlink((fresh + "-journal").c_str());
        return done;
    }
    return flush(directory_of(path));
}

Result<> build_table(const std::string& type, const std::string& path, unsigned mode,
                     const std::vector<TextEntry>& entries, bool with_nul) {
    if (type != "cdb")
        return replace_file(path, mode,
                            [&](const std::string& fresh) { return write_indexed(fresh, entries); });
    Result<std::string> content = cdb_content(entries, with_nul);
    if (!content) return pass(content);
    return replace_file(path, mode, [&](const std::string& fresh) { return write_all(fresh, *content); });
}

}  // namespace ekiden::tables
