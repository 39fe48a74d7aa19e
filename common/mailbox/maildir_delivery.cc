#include "common/mailbox/maildir_delivery.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "common/base/owned_fd.h"
#include "common/mailbox/maildir_files.h"
#include "common/mailbox/maildir_message.h"
#include "common/mailbox/maildir_name.h"
#include "common/text/ascii.h"

// How: errno decides the answer. What an administrator or time can heal is deferred (full disk, wrong owner,
// missing mail root); what the recipient alone can heal is bounced (quota, message over the limit), as
// Postfix's virtual(8) does.
//
// A batch takes each step for all its messages before the next: the flushes of the files then find most of
// the work done by the first one, and each directory is flushed once. Limits: the quota is the sum of the
// names' S= values, so deliveries that other processes make at the same time may together pass it; finding an
// earlier copy fails when the user has deleted it meanwhile.
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

// A Maildir that a batch has opened.
struct OpenMaildir {
    OwnedFd directory;
    int why = 0;                        // errno, where it could not be opened
    std::string trouble;                // in words
    std::optional<std::uint64_t> used;  // octets, once somebody asked for the quota
    std::optional<int> flushed;         // errno of flushing new/, once it was tried
};

class Delivery {
  public:
    explicit Delivery(const MaildirDelivery& order) : d_(order) {}

    // The steps; each does nothing once there is an outcome.
    void examine();
    void open(OpenMaildir& maildir);
    void look_for_earlier_copy();
    void keep_within_quota();
    void write();
    void begin_flush() {
        if (!outcome_ && d_.flush) message_->begin_flush();
    }
    void flush();
    void publish();
    void flush_directory();

    const MaildirDelivery& order() const { return d_; }
    MaildirOutcome outcome() { return std::move(*outcome_); }

  private:
    int maildir() const { return maildir_->directory.get(); }
    std::uint64_t wire_size() const { return d_.added_header.size() + d_.content_size; }
    void fail(std::string_view what, int error_number) { outcome_ = failed(what, d_.mailbox, error_number); }

    const MaildirDelivery& d_;
    OpenMaildir* maildir_ = nullptr;
    std::string base_;
    std::unique_ptr<NewMessage> message_;
    bool earlier_ = false;
    std::optional<MaildirOutcome> outcome_;
};

void Delivery::examine() {
    bool clean_id = true;
    for (char c : d_.queue_id) clean_id = clean_id && text::is_alnum(c);
    if (!is_safe_mailbox_path(d_.mailbox))
        outcome_ = bounced("5.3.5", fmt::format("bad mailbox path {}", d_.mailbox));
    else if (!clean_id)
        outcome_ = bounced("5.3.5", "bad queue id");
    else if (d_.size_limit > 0 && wire_size() > d_.size_limit)
        outcome_ = bounced("5.2.3", fmt::format("message size {} exceeds virtual_mailbox_limit {}",
                                                wire_size(), d_.size_limit));
}

void Delivery::open(OpenMaildir& maildir) {
    if (outcome_) return;
    maildir_ = &maildir;
    if (!maildir.directory && maildir.trouble.empty()) {
        Result<OwnedFd> opened = open_or_create_maildir(d_.mail_root, d_.mailbox, d_.flush, &maildir.why);
        if (opened)
            maildir.directory = std::move(*opened);
        else
            maildir.trouble = opened.error().text;
    }
    if (maildir.directory) return;
    if (maildir.why == ENOSPC || maildir.why == EDQUOT)
        fail("cannot create", maildir.why);
    else
        outcome_ = deferred("4.3.5", maildir.trouble);
}

void Delivery::look_for_earlier_copy() {
    if (outcome_) return;
    base_ = delivery_base(d_.arrival_seconds, d_.queue_id, d_.recipient, d_.host);
    if (d_.first_attempt) return;
    Result<std::optional<EarlierCopy>> looked = find_by_base(maildir(), base_);
    // It may be there: another copy would be a double.
    if (!looked) {
        outcome_ = deferred("4.3.0", "maildir delivery failed: " + looked.error().text);
    } else if (std::optional<EarlierCopy>& earlier = *looked; earlier) {
        if (d_.flush && !mailbox::flush_directory(maildir(), earlier->in_cur ? "cur" : "new"))
            return fail("cannot flush", errno);
        outcome_ = delivered(std::move(earlier->name), true);
    }
}

void Delivery::keep_within_quota() {
    if (outcome_ || d_.quota == 0) return;
    if (!maildir_->used) maildir_->used = maildir_size(maildir());
    if (*maildir_->used + wire_size() > d_.quota)
        outcome_ = bounced("5.2.2", fmt::format("mailbox is full: {} of {} octets used, the message has {}",
                                                *maildir_->used, d_.quota, wire_size()));
    else
        *maildir_->used += wire_size();  // what follows in this batch finds it
}

void Delivery::write() {
    if (outcome_) return;
    message_ = std::make_unique<NewMessage>(maildir(), base_);
    int error_number = message_->create();
    if (error_number == ENOENT && make_maildir_parts(maildir(), d_.flush)) error_number = message_->create();
    if (error_number != 0) return fail("cannot create a file in", error_number);
    error_number = message_->write(d_.added_header, d_.content);
    if (error_number != 0) fail("cannot write to", error_number);
}

void Delivery::flush() {
    if (outcome_ || !d_.flush) return;
    int error_number = message_->flush();
    if (error_number != 0) fail("cannot write to", error_number);
}

void Delivery::publish() {
    if (outcome_) return;
    int error_number = message_->publish();
    if (error_number == ENOENT && make_maildir_parts(maildir(), d_.flush)) error_number = message_->publish();
    // The same delivery of another attempt was quicker, but may not have flushed its rename yet.
    earlier_ = error_number == EEXIST;
    if (error_number != 0 && !earlier_) fail("cannot rename into new/ of", error_number);
}

void Delivery::flush_directory() {
    if (outcome_) return;
    if (!maildir_->flushed)
        maildir_->flushed = !d_.flush || mailbox::flush_directory(maildir(), "new") ? 0 : errno;
    if (*maildir_->flushed != 0)
        return fail("cannot flush new/ of", *maildir_->flushed);  // tried again, it finds this copy
    outcome_ = delivered(message_->name(), earlier_);
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

std::vector<MaildirOutcome> deliver_all(const std::vector<const MaildirDelivery*>& orders) {
    std::map<std::string, OpenMaildir, std::less<>> maildirs;
    std::vector<Delivery> batch;
    batch.reserve(orders.size());
    for (const MaildirDelivery* order : orders) {
        Delivery& each = batch.emplace_back(*order);
        each.examine();
        each.open(maildirs[order->mailbox]);
        each.look_for_earlier_copy();
        each.keep_within_quota();
        each.write();
        if (orders.size() > 1) each.begin_flush();
    }
    for (Delivery& each : batch) each.flush();
    for (Delivery& each : batch) each.publish();
    for (Delivery& each : batch) each.flush_directory();
    std::vector<MaildirOutcome> outcomes;
    for (Delivery& each : batch) outcomes.push_back(each.outcome());
    return outcomes;
}

MaildirOutcome deliver(const MaildirDelivery& order) { return std::move(deliver_all({&order}).front()); }

}  // namespace ekiden::mailbox
