#include "common/smtp/next_hop.h"

#include <fmt/format.h>

#include <array>

#include "common/dns/name.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

struct NamedPort {
    std::string_view name;
    std::uint16_t port;
};
// The ports that mail has in /etc/services; the relay, in an empty root, cannot read that file.
constexpr auto named_ports = std::to_array<NamedPort>(
    {{"smtp", 25}, {"submission", 587}, {"submissions", 465}, {"smtps", 465}, {"lmtp", 24}});

Result<std::uint16_t> parse_port(std::string_view text) {
    for (const NamedPort& known : named_ports)
        if (known.name == text) return known.port;
    auto number = text::parse_number(text);
    if (!number || *number == 0 || *number > 65535)
        return permanent(fmt::format("bad port in next hop: {}", text));
    return static_cast<std::uint16_t>(*number);
}

// Splits "[host]:port" or "host:port"; a bare IPv6 address has more than one colon and no port.
struct Parts {
    std::string_view host;
    std::string_view port;
    bool bracketed = false;
};

Parts split(std::string_view text) {
    Parts parts;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return parts;
        parts.bracketed = true;
        parts.host = text.substr(1, close - 1);
        std::string_view rest = text.substr(close + 1);
        if (rest.starts_with(':')) parts.port = rest.substr(1);
        if (!rest.empty() && parts.port.empty()) parts.host = {};
        return parts;
    }
    const std::size_t colon = text.find(':');
    parts.host = text.substr(0, colon);
    if (colon == std::string_view::npos) return parts;
    parts.port = text.substr(colon + 1);
    if (parts.port.empty()) parts.host = {};
    return parts;
}

// An address in digits: only the characters are judged here, the rest is net::IpAddress's work.
bool looks_like_address(std::string_view host) {
    for (char c : host)
        if (!text::is_digit(c) && c != '.' && c != ':' && !(text::lower(c) >= 'a' && text::lower(c) <= 'f'))
            return false;
    return host.find_first_of(".:") != std::string_view::npos;
}

}  // namespace

Result<NextHop> parse_next_hop(std::string_view text, std::uint16_t default_port) {
    Parts parts = split(text);
    if (parts.bracketed && text::starts_with_ignoring_case(parts.host, "ipv6:")) parts.host.remove_prefix(5);
    const bool possible =
        dns::is_host_name(dns::canonical(parts.host)) || (parts.bracketed && looks_like_address(parts.host));
    if (!possible) return permanent(fmt::format("bad next hop: {}", text::printable(text, 200)));
    NextHop hop{dns::canonical(parts.host), default_port, !parts.bracketed};
    if (!parts.port.empty()) {
        Result<std::uint16_t> port = parse_port(parts.port);
        if (!port) return pass(std::move(port));
        hop.port = *port;
    }
    return hop;
}

}  // namespace ekiden::smtp
