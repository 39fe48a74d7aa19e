// Recursive descent, one function a rule, each with its ABNF. Nothing here allocates but the result.
#include "common/mail/address.h"

#include <arpa/inet.h>

#include <cstdint>

namespace ekiden::mail {
namespace {

using text::Cursor;

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// RFC 5322 §3.2.3.
bool is_atext(char c) {
    return text::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// One UTF-8 sequence of two to four octets, shortest form, no surrogates (RFC 3629 §4).
bool take_utf8(Cursor& input) {
    auto octet = [&](std::size_t i) {
        return i < input.rest().size() ? static_cast<std::uint8_t>(input.rest()[i]) : std::uint8_t{0};
    };
    const std::uint8_t first = octet(0);
    std::size_t length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4) length = 4;
    if (length == 0) return false;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (octet(1) < low || octet(1) > high) return false;
    for (std::size_t i = 2; i < length; ++i)
        if (octet(i) < 0x80 || octet(i) > 0xbf) return false;
    for (std::size_t i = 0; i < length; ++i) input.take();
    return true;
}

// Dot-string = Atom *("." Atom). Dots may also stand at the ends or side by side: mobile carriers in Japan
// gave out such addresses for years, and print() quotes them.
bool take_dot_string(Cursor& input, bool allow_utf8, std::string& local) {
    std::size_t start = input.mark();
    while (!input.done()) {
        if (is_atext(input.peek()) || input.peek() == '.') {
            input.take();
        } else if (!is_high(input.peek()) || !allow_utf8 || !take_utf8(input)) {
            break;
        }
    }
    local = input.since(start);
    return !local.empty();
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; qtextSMTP = %d32-33 / %d35-91 / %d93-126, quoted-pairSMTP =
// "\" %d32-126
bool take_quoted_string(Cursor& input, bool allow_utf8, std::string& local) {
    if (!input.take_if('"')) return false;
    while (!input.done()) {
        if (input.take_if('"')) return true;
        std::size_t start = input.mark();
        if (is_high(input.peek())) {
            if (!allow_utf8 || !take_utf8(input)) return false;
            local += input.since(start);
            continue;
        }
        if (input.peek() == '\\') input.take();
        if (input.done() || !text::is_print(input.peek())) return false;
        local += input.take();
    }
    return false;
}

// Domain / address-literal, up to what cannot belong to one.
std::string_view take_domain(Cursor& input) {
    if (input.peek() == '[') {
        std::size_t start = input.mark();
        input.take_while([](char c) { return c != ']' && text::is_print(c); });
        return input.take_if(']') ? input.since(start) : std::string_view();
    }
    return input.take_while(
        [](char c) { return text::is_alnum(c) || c == '-' || c == '.' || c == '_' || is_high(c); });
}

bool valid_label(std::string_view label, bool allow_utf8) {
    if (label.empty() || label.size() > limits::domain_label) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    Cursor cursor(label);
    while (!cursor.done()) {
        if (text::is_alnum(cursor.peek()) || cursor.peek() == '-' || cursor.peek() == '_') {
            cursor.take();
        } else if (!allow_utf8 || !take_utf8(cursor)) {
            return false;
        }
    }
    return true;
}

// Mailbox = Local-part "@" ( Domain / address-literal )
Result<Address> take_mailbox(Cursor& input, const PathRules& rules) {
    Address address;
    bool quoted = input.peek() == '"';
    bool taken = quoted ? take_quoted_string(input, rules.allow_utf8, address.local)
                        : take_dot_string(input, rules.allow_utf8, address.local);
    if (!taken) return malformed("bad local part");
    if (address.local.size() > limits::local_part) return malformed("local part too long");
    if (!input.take_if('@')) {
        bool postmaster = rules.allow_postmaster && text::equal_ignoring_case(address.local, "postmaster");
        if (postmaster || (rules.allow_unqualified && !address.local.empty())) return address;
        return malformed("no domain");
    }
    if (address.local.empty()) return malformed("empty local part");
    address.domain = take_domain(input);
    bool valid = address.domain.starts_with('[') ? valid_address_literal(address.domain)
                                                 : valid_domain(address.domain, rules.allow_utf8);
    if (!valid) return malformed("bad domain");
    return address;
}

// A-d-l ":" with A-d-l = At-domain *( "," At-domain ). RFC 5321 §4.1.1.3: strip it and use what follows.
bool drop_source_route(Cursor& input) {
    std::size_t start = input.mark();
    do {
        if (!input.take_if('@') || take_domain(input).empty()) return false;
        if (input.since(start).size() > limits::source_route) return false;
    } while (input.take_if(','));
    return input.take_if(':');
}

bool strict_dot_string(std::string_view local) {
    if (local.empty() || local.front() == '.' || local.back() == '.') return false;
    if (local.find("..") != std::string_view::npos) return false;
    for (char c : local)
        if (!is_atext(c) && c != '.' && !is_high(c)) return false;
    return true;
}

std::string join(std::string_view local, std::string_view domain) {
    std::string out;
    out.reserve(local.size() + domain.size() + 3);
    if (strict_dot_string(local)) {
        out += local;
    } else {
        out += '"';
        for (char c : local) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    if (!domain.empty()) (out += '@') += domain;
    return out;
}

}  // namespace

bool valid_domain(std::string_view domain, bool allow_utf8) {
    if (domain.empty() || domain.size() > limits::domain) return false;
    bool numeric = true;
    for (char c : domain) numeric = numeric && (text::is_digit(c) || c == '.');
    if (numeric) return false;  // an address without its brackets, as Postfix sees it too
    while (true) {
        std::size_t dot = domain.find('.');
        if (!valid_label(domain.substr(0, dot), allow_utf8)) return false;
        if (dot == std::string_view::npos) return true;
        domain.remove_prefix(dot + 1);
    }
}

bool valid_address_literal(std::string_view literal) {
    if (literal.size() < 3 || literal.front() != '[' || literal.back() != ']') return false;
    std::string inside(literal.substr(1, literal.size() - 2));
    std::uint8_t address[16];
    if (text::starts_with_ignoring_case(inside, "IPv6:"))
        return inet_pton(AF_INET6, inside.c_str() + 5, address) == 1;
    return inet_pton(AF_INET, inside.c_str(), address) == 1;
}

Result<Address> parse_path(Cursor& input, const PathRules& rules) {
    bool bracket = input.take_if('<');
    if (!bracket && rules.require_brackets) return malformed("no <");
    if (bracket && input.take_if('>')) {
        if (rules.allow_null) return Address{};
        return malformed("null path");
    }
    if (bracket && input.peek() == '@' && !drop_source_route(input)) return malformed("bad source route");
    Result<Address> address = take_mailbox(input, rules);
    if (!address) return address;
    if (bracket && !input.take_if('>')) return malformed("no > behind the address");
    return address;
}

Result<Address> parse_mailbox(std::string_view input, bool allow_utf8) {
    Cursor cursor(input);
    PathRules rules;
    rules.allow_utf8 = allow_utf8;
    Result<Address> address = take_mailbox(cursor, rules);
    if (address && !cursor.done()) return malformed("more behind the address");
    return address;
}

bool Address::needs_utf8() const {
    for (char c : local)
        if (is_high(c)) return true;
    for (char c : domain)
        if (is_high(c)) return true;
    return false;
}

std::string Address::print() const { return null() ? std::string() : join(local, domain); }
std::string Address::key() const { return null() ? std::string() : join(local, text::to_lower(domain)); }
std::string Address::lookup_key() const { return text::to_lower(print()); }

}  // namespace ekiden::mail
