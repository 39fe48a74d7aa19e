#pragma once
// Where smtpd and submission differ on the same session: what is asked at MAIL beyond the restriction lists,
// and what is mended in the header.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/event/task.h"
#include "common/mail/header.h"
#include "common/smtp/backend.h"
#include "common/smtp/facts.h"

namespace ekiden::smtp {

// What a policy wants changed in the header of a message.
struct HeaderFixes {
    std::string prepend;                   // whole fields with CRLF, put before the client's
    std::vector<std::string_view> remove;  // names of fields; static text
};

class Policy {
  public:
    virtual ~Policy() = default;
    // A reply refuses the sender; nothing lets the session go on. `facts` may not be kept.
    virtual Task<std::optional<Reply>> at_mail(const Facts& facts, std::string sender, Backend& backend) = 0;
    // Once the header of a message has been read.
    virtual HeaderFixes fix_header(const Facts& facts, const mail::HeaderSummary& header,
                                   std::string_view queue_id) = 0;
};

}  // namespace ekiden::smtp
