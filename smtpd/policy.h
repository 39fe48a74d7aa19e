#pragma once
// Port 25: mail from other hosts, and from clients of ours that the relay restrictions let through. The
// restriction lists say it all; nothing is mended in what passes.
#include "common/smtp/policy.h"

namespace ekiden::smtpd {

class TransferPolicy final : public smtp::Policy {
  public:
    Task<std::optional<smtp::Reply>> at_mail(const smtp::Facts& facts, std::string sender,
                                             smtp::Backend& backend) override;
    smtp::HeaderFixes fix_header(const smtp::Facts& facts, const mail::HeaderSummary& header,
                                 std::string_view queue_id) override;
};

}  // namespace ekiden::smtpd
