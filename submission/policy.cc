#include "submission/policy.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "common/mail/date.h"
#include "common/smtp/sender_owner.h"

namespace ekiden::submission {

SubmissionPolicy::SubmissionPolicy(const Settings& settings)
    : hostname_(settings[param::myhostname]),
      login_maps_(settings[param::smtpd_sender_login_maps]),
      sender_must_match_(settings[param::submission_sender_must_match]),
      add_missing_(settings[param::submission_add_missing_headers]),
      remove_bcc_(settings[param::submission_remove_bcc]) {
    const List& list = settings[param::submission_relay_restrictions];
    mynetworks_may_ = std::ranges::find(list, "permit_mynetworks") != list.end();
}

Task<std::optional<smtp::Reply>> SubmissionPolicy::at_mail(const smtp::Facts& facts, std::string sender,
                                                           smtp::Backend& backend) {
    if (facts.login.empty()) {
        if (mynetworks_may_ && facts.trusted_network) co_return std::nullopt;
        co_return smtp::Reply(530, "5.7.0 Authentication required");
    }
    // The null sender belongs to nobody: read receipts use it (RFC 8098 §3).
    if (!sender_must_match_ || sender.empty()) co_return std::nullopt;
    Result<bool> owned = co_await smtp::owns_sender(backend, login_maps_, facts.login, sender);
    if (!owned) co_return smtp::Reply(451, "4.3.0 <" + sender + ">: Temporary lookup failure");
    if (*owned) co_return std::nullopt;
    co_return smtp::Reply(
        553, fmt::format("5.7.1 <{}>: Sender address rejected: not owned by user {}", sender, facts.login));
}

smtp::HeaderFixes SubmissionPolicy::fix_header(const smtp::Facts&, const mail::HeaderSummary& header,
                                               std::string_view queue_id) {
    smtp::HeaderFixes fixes;
    std::int64_t now = system_clock().wall_seconds();
    if (add_missing_ && !header.has_date) fixes.prepend += "Date: " + mail::print_local_date(now) + "\r\n";
    if (add_missing_ && !header.has_message_id) {
        std::tm utc = fmt::gmtime(static_cast<std::time_t>(now));
        fixes.prepend += fmt::format("Message-ID: <{:%Y%m%d%H%M%S}.{}@{}>\r\n", utc, queue_id, hostname_);
    }
    if (remove_bcc_ && header.has_bcc) fixes.remove = {"Bcc", "Resent-Bcc"};
    return fixes;
}

}  // namespace ekiden::submission
