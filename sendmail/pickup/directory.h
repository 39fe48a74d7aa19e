#pragma once
// maildrop/ and the quarantine beside it, as pickup sees them. What stands in maildrop was put there by
// others and may be anything: nothing is followed, nothing waits, and a file is believed only when it is a
// regular one with a single name that came by way of ekidrop.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::pickup {

struct Opened {
    OwnedFd fd;
    unsigned uid;             // who dropped it
    std::int64_t written_us;  // UTC microseconds: when it was written
};

class Directory {
  public:
    // `queue`: queue_directory. Files are to have the group `gid` (with `any_uid`: of any owner; else of the
    // user `uid` alone).
    struct Trust {
        bool any_uid;
        unsigned uid, gid;
    };
    static Result<Directory> open(const std::string& queue, Trust trust);

    // Names of whole messages in the order of their times, at most `limit`, without those that `skip` wants;
    // what is neither that nor a fresh temporary file is told to `strange` (a name, and the reason).
    Result<std::vector<std::string>> list(
        std::size_t limit, const std::function<bool(const std::string&)>& skip,
        const std::function<void(const std::string&, std::string)>& strange);
    // Malformed: the file is nothing that ekidrop made, and why; denied: it is not even a file. Temporary: it
    // cannot be opened now. not_found: gone.
    Result<Opened> open_file(const std::string& name) const;
    // Into the quarantine.
    Result<> set_aside(const std::string& name) const;
    Result<> remove(const std::string& name) const;
    // What was removed stays removed, also after loss of power.
    Result<> flush() const;
    // Removes temporary files that nobody wrote to for a day; their names.
    std::vector<std::string> remove_stale(std::int64_t now_seconds) const;

    const std::string& path() const { return path_; }
    const std::string& quarantine_path() const { return quarantine_path_; }

  private:
    Directory(OwnedFd fd, OwnedFd quarantine, std::string path, std::string quarantine_path, Trust trust)
        : fd_(std::move(fd)),
          quarantine_(std::move(quarantine)),
          path_(std::move(path)),
          quarantine_path_(std::move(quarantine_path)),
          trust_(trust) {}

    OwnedFd fd_, quarantine_;
    std::string path_, quarantine_path_;
    Trust trust_;
};

}  // namespace ekiden::pickup
