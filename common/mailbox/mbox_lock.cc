#include "common/mailbox/mbox_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

// How: the kernel's lock is an OFD lock, which conflicts with the fcntl locks of other programs as if it were
// one, but also excludes the other threads of this process and stays when another descriptor of the file is
// closed.
//
// A `file.lock` holds a pid, as lockfile programs expect, and a second line that names Ekiden, the kernel's
// lock that its maker held, and the host. Its maker held the kernel's lock longer than the file was there. So
// whoever has that lock on the same host and still finds the file knows that its maker died, and need not
// wait for its time. Limits: with flock or dotlock alone only the age tells.
namespace ekiden::mailbox {
namespace {

std::string dotlock_mark() {
    utsname host{};
    uname(&host);
    return fmt::format("ekiden fcntl {}\n", host.nodename);
}

bool is_same_file(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// What keeps mail out of this file; empty: nothing.
std::string objection(const struct stat& info, LockedMbox::Owner owner) {
    if (S_ISLNK(info.st_mode)) return "is a symbolic link";
    if (!S_ISREG(info.st_mode)) return "is not a regular file";
    if (info.st_nlink > 1) return fmt::format("has {} hard links", info.st_nlink);
    if (owner == LockedMbox::Owner::ours && info.st_uid != geteuid())
        return fmt::format("belongs to uid {}, not to the recipient's uid {}; change its owner", info.st_uid,
                           geteuid());
    return {};
}

}  // namespace

Result<MboxLocking> parse_mbox_locking(const std::vector<std::string>& styles) {
    MboxLocking locking;
    locking.fcntl = locking.dotlock = false;
    for (const std::string& style : styles) {
        if (style == "fcntl")
            locking.fcntl = true;
        else if (style == "flock")
            locking.flock = true;
        else if (style == "dotlock")
            locking.dotlock = true;
        else
            return malformed(
                fmt::format("unknown style of mailbox lock: {}; known: fcntl, flock, dotlock", style));
    }
    if (styles.empty()) return malformed("no style of mailbox lock; known: fcntl, flock, dotlock");
    return locking;
}

Result<MboxLocking> mbox_locking(const Settings& settings, const Param<List>& styles) {
    Result<MboxLocking> locking = parse_mbox_locking(settings[styles]);
    if (!locking) return malformed(fmt::format("{}: {}", styles.name, locking.error().text));
    locking->attempts =
        static_cast<unsigned>(std::clamp<std::int64_t>(settings[param::deliver_lock_attempts], 1, 10'000));
    locking->delay = settings[param::deliver_lock_delay];
    locking->stale = settings[param::stale_lock_time];
    return locking;
}

std::string beside(const std::string& path, std::string_view suffix) {
    std::size_t name = path.rfind('/') + 1;  // 0 where there is none
    return fmt::format("{}.{}{}", path.substr(0, name), path.substr(name), suffix);
}

bool flush_parent(int directory, const std::string& path) {
    std::size_t slash = path.rfind('/');
    std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    OwnedFd opened(openat(directory, parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened && fsync(opened.get()) == 0;
}

Result<LockedMbox> LockedMbox::open(int directory, const std::string& path, const MboxLocking& locking,
                                    Missing missing, Owner owner, int* why) {
    LockedMbox mbox(directory, path);
    std::string trouble;
    int error_number = EAGAIN;
    for (unsigned attempt = 0; error_number == EAGAIN && attempt < std::max(locking.attempts, 1u);
         ++attempt) {
        // Lock files of other programs give no event when they go.
        if (attempt > 0)
            poll(nullptr, 0, static_cast<int>(std::min(locking.delay, Milliseconds(60'000)).count()));
        error_number = mbox.try_to_open(locking, missing, owner, trouble);
    }
    if (why) *why = error_number > 0 ? error_number : 0;
    if (error_number == 0) return mbox;
    mbox.release();
    if (error_number == EAGAIN) return denied(fmt::format("mailbox {} is locked by another program", path));
    if (error_number < 0) return temporary(fmt::format("mailbox {} {}", path, trouble));
    return temporary(fmt::format("{} {}: {}", trouble, path, strerror(error_number)));
}

LockedMbox::LockedMbox(LockedMbox&& other) noexcept
    : directory_(other.directory_),
      path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      dotlock_(std::move(other.dotlock_)),
      created_(other.created_) {}

LockedMbox::~LockedMbox() { release(); }

// Only our own file.lock is removed, not one of somebody who thought ours stale; and before the kernel's lock
// goes with its descriptor.
void LockedMbox::release() {
    struct stat ours{}, there{};
    std::string name = path_ + ".lock";
    if (dotlock_ && fstat(dotlock_.get(), &ours) == 0 &&
        fstatat(directory_, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(ours, there))
        unlinkat(directory_, name.c_str(), 0);
    dotlock_.reset();
    file_.reset();
}

// 0, errno (EAGAIN: locked), or -1 for a file that is not what it should be; `trouble` then says what.
int LockedMbox::try_to_open(const MboxLocking& locking, Missing missing, Owner owner, std::string& trouble) {
    release();
    // Looked at before it is opened: opening a device or a pipe can have effects.
    struct stat info{};
    bool there = fstatat(directory_, path_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    trouble = there ? objection(info, owner) : "";
    if (!trouble.empty()) return -1;
    trouble = "cannot open or create mailbox";
    if (int error_number = open_file(missing); error_number != 0)
        // A symbolic link that came between is found by the next attempt.
        return error_number == EEXIST || error_number == ELOOP ? EAGAIN : error_number;
    trouble = "cannot lock mailbox";
    if (int error_number = take_kernel_lock(locking); error_number != 0) {
        release();
        return error_number == EWOULDBLOCK || error_number == EACCES ? EAGAIN : error_number;
    }
    if (!still_named()) return EAGAIN;
    if (fstat(file_.get(), &info) != 0) return errno;
    if (std::string found = objection(info, owner); !found.empty()) {
        trouble = std::move(found);
        return -1;
    }
    if (!locking.dotlock) return 0;
    trouble = "cannot make the lock file of mailbox";
    int error_number = take_dotlock(locking);
    bool forbidden = error_number == EACCES || error_number == EPERM || error_number == EROFS;
    if (forbidden && locking.dotlock_may_fail) return 0;
    if (error_number != 0) {
        release();
        return error_number;
    }
    // Programs that rename a new file over the old one hold file.lock, not always the kernel's.
    return still_named() ? 0 : EAGAIN;
}

int LockedMbox::open_file(Missing missing) {
    constexpr int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    created_ = false;
    file_.reset(openat(directory_, path_.c_str(), flags));
    if (file_ || errno != ENOENT || missing == Missing::fail) return file_ ? 0 : errno;
    file_.reset(openat(directory_, path_.c_str(), flags | O_CREAT | O_EXCL, 0600));
    created_ = static_cast<bool>(file_);
    return file_ ? 0 : errno;
}

int LockedMbox::take_kernel_lock(const MboxLocking& locking) {
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (locking.fcntl && fcntl(file_.get(), F_OFD_SETLK, &whole) != 0) return errno;
    if (locking.flock && ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return errno;
    return 0;
}

int LockedMbox::take_dotlock(const MboxLocking& locking) {
    std::string name = path_ + ".lock";
    for (int round = 0; round < 2; ++round) {
        dotlock_.reset(
            openat(directory_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (dotlock_) {
            std::string text = fmt::format("{}\n{}", getpid(), locking.fcntl ? dotlock_mark() : "");
            // An empty one locks as well; only its age tells then when its maker has died.
            (void)!write(dotlock_.get(), text.data(), text.size());
            return 0;
        }
        if (errno != EEXIST) return errno;
        if (!is_stale(locking)) return EAGAIN;
        if (unlinkat(directory_, name.c_str(), 0) != 0 && errno != ENOENT) return errno;
    }
    return EAGAIN;
}

bool LockedMbox::is_stale(const MboxLocking& locking) const {
    std::string name = path_ + ".lock";
    struct stat info{};
    if (fstatat(directory_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    if (info.st_mtim.tv_sec + locking.stale.count() < system_clock().wall_seconds()) return true;
    OwnedFd file(openat(directory_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    std::array<char, 512> text{};
    ssize_t n = file && locking.fcntl ? read(file.get(), text.data(), text.size()) : 0;
    std::string_view content(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    return content.ends_with("\n" + dotlock_mark());
}

bool LockedMbox::still_named() const {
    struct stat ours{}, there{};
    return fstat(file_.get(), &ours) == 0 &&
           fstatat(directory_, path_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(ours, there);
}

}  // namespace ekiden::mailbox
