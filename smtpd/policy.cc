#include "smtpd/policy.h"

namespace ekiden::smtpd {

Task<std::optional<smtp::Reply>> TransferPolicy::at_mail(const smtp::Facts&, std::string, smtp::Backend&) {
    co_return std::nullopt;
}

// RFC 5321 §6.4: a relay leaves the header alone.
smtp::HeaderFixes TransferPolicy::fix_header(const smtp::Facts&, const mail::HeaderSummary&,
                                             std::string_view) {
    return {};
}

}  // namespace ekiden::smtpd
