#pragma once
// An mbox file, opened and locked against all other programs that deliver to it, read it or rewrite it, by
// the ways that Debian's policy names (11.6): first the kernel's lock, then `file.lock`, neither waited for
// while the other is held, so that nobody is waited for in a circle. All of it blocks.
//
// The file is what its path names at the time of the lock, a regular file with one name, never reached
// through a symbolic link, and the caller's own. Everything happens with the effective user and group of this
// process: where the spool directory is only writable for a group (Debian's /var/mail for `mail`), the
// process must have that group.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/config/settings.h"

namespace ekiden::mailbox {

struct MboxLocking {
    // The styles of mailbox_delivery_lock and virtual_mailbox_lock.
    bool fcntl = true;
    bool flock = false;
    bool dotlock = true;
    // Go on without `file.lock` where the directory does not let us make it.
    bool dotlock_may_fail = false;
    unsigned attempts = 20;    // deliver_lock_attempts, at least 1
    Milliseconds delay{1000};  // deliver_lock_delay, between attempts
    Seconds stale{500};        // stale_lock_time: older ones of other programs are removed
};

// Reads a list of styles ("fcntl, dotlock"); malformed when one is unknown or there is none.
Result<MboxLocking> parse_mbox_locking(const std::vector<std::string>& styles);
// From main.cf: the styles of mailbox_delivery_lock or virtual_mailbox_lock, the rest as it is set.
Result<MboxLocking> mbox_locking(const Settings& settings, const Param<List>& styles);

class LockedMbox {
  public:
    enum class Missing { fail, create };
    enum class Owner { ours, anybody };

    // `directory` is borrowed and may be AT_FDCWD; `path` starts there. `denied`: somebody else has the lock,
    // all attempts long. `why` gets errno, or 0 where the file is not what it should be.
    static Result<LockedMbox> open(int directory, const std::string& path, const MboxLocking& locking,
                                   Missing missing, Owner owner, int* why = nullptr);
    LockedMbox(LockedMbox&& other) noexcept;
    LockedMbox& operator=(LockedMbox&&) = delete;
    ~LockedMbox();

    int file() const { return file_.get(); }
    int directory() const { return directory_; }
    const std::string& path() const { return path_; }
    // True when open() made it: its name is not yet flushed.
    bool created() const { return created_; }

  private:
    LockedMbox(int directory, std::string path) : directory_(directory), path_(std::move(path)) {}
    int try_to_open(const MboxLocking& locking, Missing missing, Owner owner, std::string& trouble);
    int open_file(Missing missing);
    int take_kernel_lock(const MboxLocking& locking);
    int take_dotlock(const MboxLocking& locking);
    bool is_stale(const MboxLocking& locking) const;
    bool still_named() const;
    void release();

    int directory_;
    std::string path_;
    OwnedFd file_, dotlock_;
    bool created_ = false;
};

// "dir/.NAME" + suffix for the file "dir/NAME": where what belongs to a mailbox stands beside it.
std::string beside(const std::string& path, std::string_view suffix);

// Flushes the directory in which the file `path` stands. On failure errno says why.
bool flush_parent(int directory, const std::string& path);

}  // namespace ekiden::mailbox
