#include "common/accounts/name.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/text/ascii.h"

namespace ekiden::accounts {
namespace {

bool is_octet_above_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// RFC 5321 §4.1.2 atext and dots, without '/' ; octets above 127 for internationalized addresses (RFC 6531
// §3.3).
bool is_local(char c) {
    constexpr std::string_view specials = "!#$%&'*+-=?^_`{|}~.";
    return text::is_alnum(c) || is_octet_above_ascii(c) || specials.contains(c);
}

bool valid_label(std::string_view label) {
    auto allowed = [](char c) {
        return text::is_alnum(c) || c == '-' || c == '_' || is_octet_above_ascii(c);
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, allowed);
}

}  // namespace

Result<std::string> parse_domain(std::string_view domain) {
    std::string_view rest = domain;
    bool good = !domain.empty() && domain.size() <= 255;
    while (good) {
        std::size_t dot = rest.find('.');
        good = valid_label(rest.substr(0, dot));
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    if (!good) return malformed(fmt::format("\"{}\" is not a domain", text::printable(domain, 100)));
    return text::to_lower(domain);
}

Result<Name> parse_name(std::string_view address) {
    std::string shown = text::printable(address, 100);
    std::size_t at = address.rfind('@');
    if (at == std::string_view::npos)
        return malformed(fmt::format("\"{}\" is not an address: it needs the form name@domain", shown));
    std::string_view localpart = address.substr(0, at);
    if (localpart.empty() || localpart.size() > 64 || localpart.front() == '.' || localpart.back() == '.' ||
        !std::ranges::all_of(localpart, is_local))
        return malformed(fmt::format("\"{}\": this part before the @ is not allowed", shown));
    Result<std::string> domain = parse_domain(address.substr(at + 1));
    if (!domain) return pass(domain);
    return Name{text::to_lower(localpart), std::move(*domain)};
}

Result<std::string> parse_alias(std::string_view alias) {
    if (alias.starts_with('@')) {
        Result<std::string> domain = parse_domain(alias.substr(1));
        if (!domain) return pass(domain);
        return "@" + *domain;
    }
    Result<Name> name = parse_name(alias);
    if (!name) return pass(name);
    return name->address();
}

}  // namespace ekiden::accounts
