#include "sendmail/header_recipients.h"

#include <algorithm>

#include "common/mail/address_list.h"
#include "common/mail/header.h"
#include "common/text/ascii.h"

namespace ekiden::sendmail {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view n) { return text::equal_ignoring_case(n, name); });
}

}  // namespace

std::vector<std::string> recipients_in(std::string_view header, std::size_t limit) {
    std::vector<std::string> plain, resent;
    bool is_resent = false;
    mail::FieldReader reader(header);
    while (std::optional<mail::Field> field = reader.next()) {
        bool again = is_one_of(field->name, {"Resent-To", "Resent-Cc", "Resent-Bcc"});
        if (!again && (is_resent || !is_one_of(field->name, {"To", "Cc", "Bcc"}))) continue;
        is_resent = is_resent || again;
        std::vector<std::string>& found = again ? resent : plain;
        for (const mail::ListedAddress& each : mail::addresses_in(field->value))
            if (found.size() <= limit) found.push_back(each.address.print());
    }
    return is_resent ? resent : plain;
}

bool is_header_line(std::string_view line, bool first) {
    if (line == "\n" || line == "\r\n" || line.empty()) return false;
    if (text::is_blank(line[0])) return !first;
    std::size_t end = 0;
    while (end < line.size() && line[end] > 0x20 && line[end] < 0x7f && line[end] != ':') ++end;
    std::size_t colon = end;
    while (colon < line.size() && text::is_blank(line[colon])) ++colon;
    return end > 0 && colon < line.size() && line[colon] == ':';
}

}  // namespace ekiden::sendmail
