// Who is told, and the message that tells it.
#include "queue/manager/notices.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/mail/date.h"
#include "common/mail/dsn.h"
#include "common/mail/header.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;

std::string with_domain(const NoticePolicy& policy, const std::string& address) {
    return address.find('@') == std::string::npos ? address + "@" + policy.origin : address;
}

// RFC 3461 5.2.4, 5.2.5: NEVER silences; a list without the keyword silences too.
bool wants(const Recipient& recipient, std::int64_t what) {
    return recipient.notify == 0 || (recipient.notify & what) != 0;
}

std::vector<const Recipient*> who_wants(const std::vector<const Recipient*>& recipients, std::int64_t what) {
    std::vector<const Recipient*> result;
    for (const Recipient* recipient : recipients)
        if (wants(*recipient, what)) result.push_back(recipient);
    return result;
}

mail::DsnRecipient dsn_recipient(const Recipient& r, std::int64_t now) {
    mail::DsnRecipient d;
    d.recipient = r.address;
    // RFC 3461 4.2: "rfc822;b@example.net".
    std::size_t type = r.orcpt.find(';');
    d.original_recipient = r.orcpt.empty() ? r.original : r.orcpt.substr(type + 1);
    if (type != std::string::npos && !text::starts_with_ignoring_case(r.orcpt, "rfc822;"))
        d.original_type = r.orcpt.substr(0, type);
    d.status = r.status;
    d.remote_mta = r.remote;
    d.own_words = r.remote.empty() || r.reply.empty();
    d.diagnostic = d.own_words ? r.reason : r.reply;
    d.reason = r.reason;
    d.last_attempt = now;
    return d;
}

// Postfix's words for each state; its reports have no times of attempts.
mail::DsnRecipient report_recipient(const Recipient& r, ipc::Trace trace) {
    mail::DsnRecipient d = dsn_recipient(r, 0);
    if (d.original_recipient.empty()) d.original_recipient = r.address;
    if (d.status.empty()) d.status = r.state == RecipientState::done ? "2.0.0" : "4.3.0";
    if (r.relay != "none") d.via = r.relay;
    if (r.state == RecipientState::done)
        d.action = r.action;
    else if (trace == ipc::Trace::verify)
        d.action = "undeliverable";
    else
        d.action = r.state == RecipientState::failed ? "failed" : "delayed";
    return d;
}

config::BounceClass template_of(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::failure: return config::BounceClass::failure;
        case NoticeKind::delay: return config::BounceClass::delay;
        case NoticeKind::report: return config::BounceClass::verify;
    }
    return config::BounceClass::failure;
}

mail::DsnKind dsn_kind(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::failure: return mail::DsnKind::failure;
        case NoticeKind::delay: return mail::DsnKind::delay;
        case NoticeKind::report: return mail::DsnKind::report;
    }
    return mail::DsnKind::failure;
}

// What people read, from the template of its kind.
void fill_in(const NoticePolicy& policy, const Letter& letter, mail::Dsn& dsn) {
    const config::BounceTemplate& form =
        policy.texts.templates[static_cast<std::size_t>(template_of(letter.kind))];
    auto value = [&](std::string_view name) -> std::optional<std::string> {
        if (name == config::will_retry_until) return mail::print_local_date(dsn.will_retry_until);
        if (name == param::myhostname.name) return policy.hostname;
        if (name == param::myorigin.name) return policy.origin;
        auto found = policy.texts.values.find(name);
        return found == policy.texts.values.end() ? "" : found->second;
    };
    dsn.from = form.from;
    dsn.subject = letter.to_postmaster ? form.postmaster_subject : form.subject;
    dsn.charset = form.charset;
    dsn.text = config::expand_text(form, value).value_or("");  // was tried when it was read
}

}  // namespace

std::vector<Letter> letters_of_failure(const NoticePolicy& policy, const StoredMessage& message,
                                       const std::vector<const Recipient*>& failed) {
    std::vector<Letter> letters;
    if (failed.empty()) return letters;
    std::string double_bounce = with_domain(policy, policy.double_bounce_sender);
    const std::string& sender = message.envelope.sender;
    if (text::equal_ignoring_case(sender, double_bounce)) return letters;
    if (sender.empty()) {
        if (policy.notify_double_bounce)
            letters.push_back({NoticeKind::failure, double_bounce,
                               with_domain(policy, policy.double_bounce_recipient), true, failed});
        return letters;
    }
    std::vector<const Recipient*> told = who_wants(failed, notify::failure);
    if (!told.empty()) letters.push_back({NoticeKind::failure, "", sender, false, told});
    if (policy.notify_bounce)
        letters.push_back(
            {NoticeKind::failure, double_bounce, with_domain(policy, policy.bounce_recipient), true, failed});
    return letters;
}

std::vector<Letter> letters_of_delay(const NoticePolicy& policy, const StoredMessage& message,
                                     const std::vector<const Recipient*>& waiting) {
    std::vector<Letter> letters;
    if (message.envelope.sender.empty() || message.kind == Kind::notice) return letters;
    std::vector<const Recipient*> told = who_wants(waiting, notify::delay);
    if (told.empty()) return letters;
    letters.push_back({NoticeKind::delay, "", message.envelope.sender, false, told});
    if (policy.notify_delay)
        letters.push_back({NoticeKind::delay, with_domain(policy, policy.double_bounce_sender),
                           with_domain(policy, policy.delay_recipient), true, told});
    return letters;
}

std::vector<Letter> letters_of_trace(const NoticePolicy& policy, const StoredMessage& message,
                                     const std::vector<const Recipient*>& recipients) {
    const std::string& sender = message.envelope.sender;
    bool nobody =
        sender.empty() || text::equal_ignoring_case(sender, with_domain(policy, policy.double_bounce_sender));
    std::vector<Letter> letters;
    if (nobody || message.envelope.trace == ipc::Trace::none) return letters;
    letters.push_back({NoticeKind::report, "", sender, false, recipients});
    return letters;
}

NewMessage print_letter(const NoticePolicy& policy, const Letter& letter, const StoredMessage& message,
                        std::string_view original, bool original_is_whole, const text::QueueId& id,
                        std::int64_t now_us, std::int64_t will_retry_until) {
    mail::Dsn dsn;
    dsn.kind = dsn_kind(letter.kind);
    dsn.hostname = policy.hostname;
    dsn.mail_name = policy.mail_name;
    dsn.sender = letter.to_postmaster ? letter.recipient : message.envelope.sender;
    dsn.queue_id = print(message.id);
    dsn.envelope_id = message.envelope.envelope_id;
    dsn.notice_id = print(id);
    dsn.arrival = message.envelope.arrived_us / us_per_second;
    const std::int64_t now = now_us / us_per_second;
    dsn.now = now;
    dsn.will_retry_until = will_retry_until;
    fill_in(policy, letter, dsn);
    const bool report = letter.kind == NoticeKind::report;
    for (const Recipient* r : letter.about)
        dsn.recipients.push_back(report ? report_recipient(*r, message.envelope.trace)
                                        : dsn_recipient(*r, now));
    bool headers_only = message.envelope.dsn_return == DsnReturn::headers;
    dsn.original =
        headers_only ? original.substr(0, static_cast<std::size_t>(message.envelope.header_size)) : original;
    dsn.original_is_whole = original_is_whole && !headers_only;
    dsn.size_limit = policy.size_limit;

    NewMessage notice;
    notice.id = id;
    notice.kind = Kind::notice;
    notice.notice = letter.kind;
    notice.envelope.arrived_us = now_us;
    notice.envelope.sender = letter.sender;
    std::string content =
        fmt::format("Received: by {} ({})\r\n\tid {}; {}\r\n{}", policy.hostname, policy.mail_name,
                    dsn.notice_id, mail::print_local_date(now), mail::print_dsn(dsn));
    describe(content, notice.envelope);
    notice.envelope.message_id = mail::first_value(content, "Message-ID").value_or("");
    notice.content = std::make_shared<const std::string>(std::move(content));
    notice.recipients.emplace_back();
    notice.recipients.back().address = letter.recipient;
    return notice;
}

void describe(std::string_view content, Envelope& envelope) {
    envelope.size = static_cast<std::int64_t>(content.size());
    envelope.header_size = envelope.size;
    envelope.eight_bit =
        std::ranges::any_of(content, [](char c) { return static_cast<unsigned char>(c) > 127; });
    bool in_header = true;
    for (std::size_t start = 0; start < content.size();) {
        std::size_t end = content.find("\r\n", start);
        std::size_t length = std::min(end, content.size()) - start;
        envelope.longest_line = std::max(envelope.longest_line, static_cast<std::int64_t>(length));
        envelope.leading_dot = envelope.leading_dot || content[start] == '.';
        if (end == std::string_view::npos) break;
        ++envelope.line_ends;
        start = end + 2;
        if (in_header && length == 0) {
            envelope.header_size = static_cast<std::int64_t>(start);
            in_header = false;
        }
    }
}

}  // namespace ekiden::queue
