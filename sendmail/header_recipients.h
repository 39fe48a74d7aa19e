#pragma once
// sendmail -t: the recipients that a message's own header names.
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::sendmail {

// Addresses of To:, Cc: and Bcc:, or, from where the first Resent- field of those stands, of Resent-To:,
// Resent-Cc: and Resent-Bcc: alone. `header`: lines ended by LF. At most `limit`.
std::vector<std::string> recipients_in(std::string_view header, std::size_t limit);

// Could this line (with its LF) belong to a header section? The first that does not ends it.
bool is_header_line(std::string_view line, bool first);

}  // namespace ekiden::sendmail
