#include "common/mail/received.h"

#include <fmt/format.h>

#include "common/mail/date.h"
#include "common/text/ascii.h"

// How: pieces joined by CRLF TAB. Names are cut at 255 octets, addresses at 320, so that no line comes near
// the 998 octets of RFC 5322 §2.1.1.
namespace ekiden::mail {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_address = 320;

// A domain, address literal or queue id: other octets become '?'.
std::string name(std::string_view text) {
    std::string out(text.substr(0, longest_name));
    for (char& c : out)
        if (!text::is_alnum(c) && std::string_view("-._:[]/").find(c) == std::string_view::npos) c = '?';
    return out;
}

// What may stand inside a comment (RFC 5322 3.2.2): parentheses and backslashes are quoted, control octets
// replaced.
std::string in_comment(std::string_view text) {
    std::string out;
    for (char c : text.substr(0, longest_address)) {
        if (c == '(' || c == ')' || c == '\\') out.push_back('\\');
        out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
    }
    return out;
}

std::string path(std::string_view text) {
    std::string out(text.substr(0, longest_address));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '<' || c == '>') c = '?';
    return out;
}

// RFC 5321 4.1.3: an IPv6 address literal says so.
std::string literal(std::string_view address) {
    return address.find(':') == std::string_view::npos ? fmt::format("[{}]", name(address))
                                                       : fmt::format("[IPv6:{}]", name(address));
}

}  // namespace

std::string received_field(const Received& received) {
    std::string address = literal(received.client_address);
    std::string out =
        fmt::format("Received: from {} ({} {})\r\n", received.helo.empty() ? address : name(received.helo),
                    received.client_name.empty() ? "unknown" : name(received.client_name), address);
    if (const auto& tls = received.tls)
        out += fmt::format("\t(using {} with cipher {} ({}/{} bits))\r\n", name(tls->protocol),
                           name(tls->cipher), tls->used_bits, tls->algorithm_bits);
    if (!received.sasl_user.empty())
        out += fmt::format("\t(Authenticated sender: {})\r\n", in_comment(received.sasl_user));
    if (!received.pop_before_smtp.empty())
        out += fmt::format("\t(POP-before-SMTP grant of: {})\r\n", in_comment(received.pop_before_smtp));
    out += fmt::format("\tby {} ({}) with {}", name(received.by), in_comment(received.mail_name),
                       name(received.protocol));
    if (!received.queue_id.empty()) out += fmt::format(" id {}", name(received.queue_id));
    if (!received.recipient.empty()) out += fmt::format("\r\n\tfor <{}>", path(received.recipient));
    out += received.recipient.empty() ? ";\r\n\t" : "; ";
    return out + print_local_date(received.utc_seconds) + "\r\n";
}

std::string received_from_user(const std::string& by, const std::string& mail_name, unsigned user_id,
                               const std::string& queue_id, std::int64_t utc_seconds) {
    return fmt::format("Received: by {} ({}, from userid {})\r\n\tid {}; {}\r\n", name(by),
                       in_comment(mail_name), user_id, name(queue_id), print_local_date(utc_seconds));
}

}  // namespace ekiden::mail
