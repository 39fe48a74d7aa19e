#pragma once
// Message submission (RFC 6409): whoever sends has logged in, sends as an address of the login, and gets
// mended what a mail program may leave out.
#include "common/config/settings.h"
#include "common/smtp/policy.h"

namespace ekiden::submission {

class SubmissionPolicy final : public smtp::Policy {
  public:
    explicit SubmissionPolicy(const Settings& settings);
    // 530 without a login (RFC 6409 §4.3, RFC 4954 §6); 553 for a sender that is not the login's (§6.1).
    Task<std::optional<smtp::Reply>> at_mail(const smtp::Facts& facts, std::string sender,
                                             smtp::Backend& backend) override;
    // Adds Date: and Message-ID: (§8.1 … 8.3), removes Bcc:.
    smtp::HeaderFixes fix_header(const smtp::Facts& facts, const mail::HeaderSummary& header,
                                 std::string_view queue_id) override;

  private:
    std::string hostname_;
    List login_maps_;
    bool sender_must_match_;
    bool add_missing_;
    bool remove_bcc_;
    bool mynetworks_may_;  // submission_relay_restrictions names permit_mynetworks
};

}  // namespace ekiden::submission
