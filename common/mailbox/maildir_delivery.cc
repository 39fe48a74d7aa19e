#include "common/mailbox/maildir_delivery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "common/base/owned_fd.h"
#include "common/mailbox/maildir_files.h"
#include "common/mailbox/maildir_name.h"
#include "common/text/ascii.h"

// How: errno decides the answer. What an administrator or time can heal is deferred (full disk, wrong owner,
// missing mail root); what the recipient alone can heal is bounced (quota, message over the limit), as
// Postfix's virtual(8) does. Limits: the quota is the sum of the names' S= values at the start of the
// delivery, so deliveries that run at the same time may together pass it; finding an earlier copy fails when
// the user has deleted it meanwhile.
namespace ekiden::mailbox {
namespace {

MaildirOutcome deferred(std::string dsn, std::string text) {
    return {Fate::deferred, std::move(dsn), std::move(text), {}, false};
}

MaildirOutcome bounced(std::string dsn, std::string text) {
    return {Fate::bounced, std::move(dsn), std::move(text), {}, false};
}

// RFC 3463: X.2.2 mailbox full, X.3.1 system full, X.3.5 misconfigured, X.2.0 other mailbox trouble.
MaildirOutcome failed(std::string_view what, std::string_view mailbox, int error_number) {
    std::string text =
        fmt::format("maildir delivery failed: {} {}: {}", what, mailbox, strerror(error_number));
    if (error_number == EDQUOT) return bounced("5.2.2", std::move(text));
    if (error_number == ENOSPC) return deferred("4.3.1", std::move(text));
    if (error_number == EACCES || error_number == EPERM || error_number == EROFS || error_number == ENOENT)
        return deferred("4.3.5", std::move(text));
    return deferred("4.2.0", std::move(text));
}

MaildirOutcome delivered(std::string name, bool earlier) {
    return {Fate::delivered, "2.0.0", "delivered to maildir", std::move(name), earlier};
}

// Removes the file under tmp/ unless the delivery came to its end.
class TemporaryFile {
  public:
    TemporaryFile(int maildir, std::string path) : maildir_(maildir), path_(std::move(path)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (!renamed_) unlinkat(maildir_, path_.c_str(), 0);
    }
    const std::string& path() const { return path_; }
    void renamed() { renamed_ = true; }

  private:
    int maildir_;
    std::string path_;
    bool renamed_ = false;
};

// No two attempts share a name in tmp/, for one may still be running when the next begins.
std::string temporary_path(std::string_view base) {
    static std::atomic<std::uint64_t> counter{0};
    return fmt::format("tmp/{}.P{}C{}", base, getpid(), counter.fetch_add(1));
}

int write_all(int file, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t n = ::write(file, octets.data(), octets.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        octets.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

struct Written {
    int error_number = 0;
    std::uint64_t size = 0;
    std::uint64_t wire_size = 0;
};

// Writes header and content with LF; Temporary errors of reading the content come back as EIO.
Written write_message(int file, const MaildirDelivery& d) {
    LineEndStripper stripper;
    std::string buffer;
    int error_number = 0;
    auto sink = [&](std::string_view chunk) -> Result<> {
        stripper.feed(chunk, buffer);
        if (buffer.size() < 64 * 1024) return {};
        error_number = write_all(file, buffer);
        buffer.clear();
        if (error_number != 0) return temporary("write");
        return {};
    };
    Result<> all = sink(d.added_header);
    if (all) all = for_each_chunk(d.content, sink);
    if (!all) return {error_number != 0 ? error_number : EIO, 0, 0};
    stripper.finish(buffer);
    error_number = write_all(file, buffer);
    if (error_number == 0 && d.flush && fdatasync(file) != 0) error_number = errno;
    return {error_number, stripper.size(), stripper.wire_size()};
}

int rename_into_new(int maildir, const std::string& from, const std::string& to) {
    if (renameat2(maildir, from.c_str(), maildir, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // File systems without RENAME_NOREPLACE (NFS): link refuses an existing name too.
    if (linkat(maildir, from.c_str(), maildir, to.c_str(), 0) != 0) return errno;
    unlinkat(maildir, from.c_str(), 0);
    return 0;
}

MaildirOutcome write_and_rename(int maildir, const MaildirDelivery& d, std::string_view base) {
    TemporaryFile temporary_file(maildir, temporary_path(base));
    OwnedFd file(openat(maildir, temporary_file.path().c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failed("cannot create a file in", d.mailbox, errno);
    Written written = write_message(file.get(), d);
    if (written.error_number != 0) return failed("cannot write to", d.mailbox, written.error_number);

    std::string name = message_name(base, written.size, written.wire_size);
    int error_number = rename_into_new(maildir, temporary_file.path(), "new/" + name);
    // The same delivery of another attempt was quicker, but may not have flushed its rename yet.
    bool earlier = error_number == EEXIST;
    if (error_number != 0 && !earlier) return failed("cannot rename into new/ of", d.mailbox, error_number);
    if (!earlier) temporary_file.renamed();
    if (d.flush && !flush_directory(maildir, "new"))
        return failed("cannot flush new/ of", d.mailbox, errno);  // tried again, it finds this copy
    return delivered(std::move(name), earlier);
}

}  // namespace

bool is_safe_mailbox_path(std::string_view path) {
    if (path.empty() || path.size() > 1000 || path.front() == '/') return false;
    for (char c : path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    std::vector<std::string> parts = text::split(path, "/");
    for (const std::string& part : parts)
        if (part == "." || part == ".." || part.size() > 255) return false;
    return !parts.empty();
}

MaildirOutcome deliver(const MaildirDelivery& d) {
    if (!is_safe_mailbox_path(d.mailbox))
        return bounced("5.3.5", fmt::format("bad mailbox path {}", d.mailbox));
    for (char c : d.queue_id)
        if (!text::is_alnum(c)) return bounced("5.3.5", "bad queue id");
    std::uint64_t wire_size = d.added_header.size() + d.content_size;
    if (d.size_limit > 0 && wire_size > d.size_limit)
        return bounced("5.2.3", fmt::format("message size {} exceeds virtual_mailbox_limit {}", wire_size,
                                            d.size_limit));

    int why = 0;
    Result<OwnedFd> maildir = open_or_create_maildir(d.mail_root, d.mailbox, d.flush, &why);
    if (!maildir && (why == ENOSPC || why == EDQUOT)) return failed("cannot create", d.mailbox, why);
    if (!maildir) return deferred("4.3.5", maildir.error().text);

    std::string base = delivery_base(d.arrival_seconds, d.queue_id, d.recipient, d.host);
    if (!d.first_attempt) {
        Result<std::optional<EarlierCopy>> looked = find_by_base(maildir->get(), base);
        // It may be there: another copy would be a double.
        if (!looked) return deferred("4.3.0", "maildir delivery failed: " + looked.error().text);
        if (std::optional<EarlierCopy>& earlier = *looked; earlier) {
            if (d.flush && !flush_directory(maildir->get(), earlier->in_cur ? "cur" : "new"))
                return failed("cannot flush", d.mailbox, errno);
            return delivered(std::move(earlier->name), true);
        }
    }
    if (d.quota > 0) {
        std::uint64_t used = maildir_size(maildir->get());
        if (used + wire_size > d.quota)
            return bounced("5.2.2", fmt::format("mailbox is full: {} of {} octets used, the message has {}",
                                                used, d.quota, wire_size));
    }
    return write_and_rename(maildir->get(), d, base);
}

}  // namespace ekiden::mailbox
