#include "common/mailbox/mbox_delivery.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/mailbox/maildir_files.h"
#include "common/mailbox/mbox_earlier.h"
#include "common/mailbox/mbox_format.h"
#include "common/mailbox/mbox_rewrite.h"

// How: errno decides the answer. What an administrator or time can heal is deferred; only a message that is
// too large, or a mailbox over its limit, bounces. Limits: an attempt that is made again does not find its
// copy when the user has deleted it meanwhile.
namespace ekiden::mailbox {
namespace {

constexpr std::size_t write_size = 64 * 1024;

MboxOutcome deferred(std::string dsn, std::string text) {
    return {Fate::deferred, std::move(dsn), std::move(text), false, false};
}

// RFC 3463: X.2.2 mailbox full, X.3.1 system full, X.3.5 misconfigured, X.2.0 other mailbox trouble.
std::string dsn_of(int error_number) {
    switch (error_number) {
        case ENOSPC: return "4.3.1";
        case EDQUOT: return "4.2.2";
        case EACCES:
        case EPERM:
        case EROFS:
        case ENOENT:
        case ENOTDIR: return "4.3.5";
        default: return "4.2.0";
    }
}

class Append {
  public:
    Append(const MboxDelivery& order, LockedMbox& mbox) : d_(order), mbox_(mbox) {}
    MboxOutcome run();

  private:
    bool find_end();
    bool look_for_earlier_copy();
    void write();
    void write_out();
    void flush();
    bool ends_with_empty_line(std::string& separator);
    void take_back();
    void fail(std::string_view what, int error_number) {
        outcome_ = deferred(dsn_of(error_number), fmt::format("mailbox delivery failed: {} {}: {}", what,
                                                              mbox_.path(), strerror(error_number)));
    }
    MboxEntry entry() const { return {d_.sender, d_.arrival_seconds, d_.added_header, d_.content}; }

    const MboxDelivery& d_;
    LockedMbox& mbox_;
    std::uint64_t end_ = 0;  // where the entry begins
    std::uint64_t at_ = 0;   // where the next octets go
    std::string buffer_;
    MboxOutcome outcome_{Fate::delivered, "2.0.0", "", false, false};
};

MboxOutcome Append::run() {
    // An interrupted removal of messages is ended first: what is appended must not be taken for its rest.
    if (Result<> finished = finish_rewrite(mbox_); !finished)
        return deferred("4.2.0", "mailbox delivery failed: " + finished.error().text);
    if (!find_end() || !look_for_earlier_copy()) return std::move(outcome_);
    if (!outcome_.found_earlier) write();
    if (outcome_.fate == Fate::delivered && d_.flush) flush();
    if (outcome_.fate == Fate::delivered)
        outcome_.text = d_.success;
    else if (!outcome_.found_earlier)
        take_back();
    return std::move(outcome_);
}

bool Append::find_end() {
    struct stat info{};
    if (fstat(mbox_.file(), &info) != 0) return fail("cannot examine", errno), false;
    end_ = static_cast<std::uint64_t>(info.st_size);
    return true;
}

bool Append::look_for_earlier_copy() {
    if (d_.first_attempt || end_ == 0) return true;
    Result<std::optional<EarlierEntry>> earlier = find_earlier_entry(mbox_.file(), end_, entry());
    if (!earlier) {
        // It may be there: another copy would be a double.
        outcome_ = deferred("4.3.0", "mailbox delivery failed: " + earlier.error().text);
        return false;
    }
    if (*earlier && (*earlier)->torn)
        end_ = (*earlier)->start;
    else if (*earlier)
        outcome_.found_earlier = true;
    return true;
}

// Whatever the last writer left there, the new entry must begin after an empty line.
bool Append::ends_with_empty_line(std::string& separator) {
    char last[2] = {'\n', '\n'};
    std::size_t size = std::min<std::uint64_t>(end_, sizeof last);
    ssize_t n = size == 0 ? 0 : pread(mbox_.file(), last + 2 - size, size, static_cast<off_t>(end_ - size));
    if (n != static_cast<ssize_t>(size)) return fail("cannot read", n < 0 ? errno : EIO), false;
    if (last[1] != '\n')
        separator = "\n\n";
    else if (last[0] != '\n')
        separator = "\n";
    return true;
}

void Append::write() {
    if (!ends_with_empty_line(buffer_)) return;
    // A torn entry of an earlier attempt goes first: its octets must not show behind a shorter write.
    if (ftruncate(mbox_.file(), static_cast<off_t>(end_)) != 0) return fail("cannot truncate", errno);
    at_ = end_;
    Result<> all = for_each_chunk(entry(), [this](std::string_view chunk) -> Result<> {
        buffer_.append(chunk);
        if (buffer_.size() >= write_size) write_out();
        if (outcome_.fate != Fate::delivered) return temporary("write");
        return {};
    });
    if (outcome_.fate == Fate::delivered && !all) return fail("cannot read the message for", EIO);
    if (outcome_.fate == Fate::delivered) write_out();
}

void Append::write_out() {
    if (d_.mailbox_limit > 0 && at_ + buffer_.size() > d_.mailbox_limit) {
        outcome_ = {Fate::bounced, "5.2.2",
                    fmt::format("mailbox is full: {} of {} octets used, the message has {}", end_,
                                d_.mailbox_limit, d_.content_size),
                    false, false};
        return;
    }
    std::string_view rest = buffer_;
    while (!rest.empty()) {
        ssize_t n = pwrite(mbox_.file(), rest.data(), rest.size(), static_cast<off_t>(at_));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail("cannot write to", n < 0 ? errno : EIO);
        at_ += static_cast<std::uint64_t>(n);
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    buffer_.clear();
}

void Append::flush() {
    if (fdatasync(mbox_.file()) != 0) return fail("cannot write to", errno);
    // Its name may be younger than the last flush of its directory also where an attempt died that made it.
    bool name_may_be_new = mbox_.created() || end_ == 0 || outcome_.found_earlier;
    if (name_may_be_new && !flush_parent(mbox_.directory(), mbox_.path()))
        fail("cannot flush the directory of", errno);
}

// Back to what stood there before.
void Append::take_back() {
    int cut = 0;
    do cut = ftruncate(mbox_.file(), static_cast<off_t>(end_));
    while (cut != 0 && errno == EINTR);
    if (cut != 0 || (d_.flush && fsync(mbox_.file()) != 0))
        outcome_.text += fmt::format("; and a part of the message stays there: {}", strerror(errno));
}

bool is_null_device(const MboxDelivery& order) {
    struct stat info{};
    return order.null_device && fstatat(order.directory, order.path.c_str(), &info, 0) == 0 &&
           S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

}  // namespace

MboxOutcome deliver(const MboxDelivery& order) {
    if (is_null_device(order)) return {Fate::delivered, "2.0.0", order.success, false, false};
    std::uint64_t size = order.added_header.size() + order.content_size;
    if (order.message_limit > 0 && size > order.message_limit)
        return {Fate::bounced, "5.2.3",
                fmt::format("message size {} exceeds the limit {}", size, order.message_limit), false, false};
    if (order.make_directories && !make_parents(order.directory, order.path, order.flush))
        return deferred(dsn_of(errno),
                        fmt::format("mailbox delivery failed: cannot make the directories of {}: {}",
                                    order.path, strerror(errno)));
    int why = 0;
    Result<LockedMbox> mbox =
        LockedMbox::open(order.directory, order.path, order.locking, LockedMbox::Missing::create,
                         order.any_owner ? LockedMbox::Owner::anybody : LockedMbox::Owner::ours, &why);
    if (mbox) return Append(order, *mbox).run();
    MboxOutcome outcome =
        deferred(why == 0 ? "4.3.5" : dsn_of(why), "mailbox delivery failed: " + mbox.error().text);
    outcome.locked = mbox.error().kind == ErrorKind::denied;
    return outcome;
}

}  // namespace ekiden::mailbox
