#pragma once
// Envelope addresses: RFC 5321 §4.1.2 Mailbox and Path. An Address holds the local part without its quotes
// and the domain as it was written; print() is the mirror of the parser and puts quotes where the grammar
// needs them. Not here: header addresses with comments and display names (header.h) and what an address means
// (the router).
#include <compare>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/text/cursor.h"

namespace ekiden::mail {

namespace limits {
// RFC 5321 §4.5.3.1.1 asks for 64 at least; VERP and SRS senders need more, so this is generous.
inline constexpr std::size_t local_part = 255;
inline constexpr std::size_t domain = 255;        // §4.5.3.1.2
inline constexpr std::size_t domain_label = 63;   // RFC 1035 §2.3.4
inline constexpr std::size_t source_route = 512;  // read only to be dropped (RFC 5321 §4.1.1.3)
}  // namespace limits

struct Address {
    std::string local;  // unquoted
    std::string
        domain;  // "Example.ORG", "[192.0.2.1]", or empty for the null path and a local part that stood alone

    // The null reverse path <>.
    bool null() const { return local.empty() && domain.empty(); }
    // True when print() holds octets above 127, so that only SMTPUTF8 peers can take it (RFC 6531).
    bool needs_utf8() const;
    // local@domain as it stands in a Path, without the angle brackets; empty for the null path.
    std::string print() const;
    // print() with the domain in lower case: equal for the same mailbox whatever the domain's case.
    std::string key() const;
    // print() in lower case altogether: what our own users are looked up by.
    std::string lookup_key() const;

    auto operator<=>(const Address&) const = default;
};

// What a Path may be besides <Mailbox>.
struct PathRules {
    bool allow_null = false;         // <>: MAIL only
    bool allow_unqualified = false;  // <root>: a local part alone, from clients of ours
    bool allow_postmaster = false;   // <postmaster> without a domain: RCPT only (RFC 5321 §4.1.1.3)
    bool allow_utf8 = false;         // RFC 6531, when MAIL said SMTPUTF8
    bool require_brackets = false;   // otherwise `MAIL FROM:a@b` is taken as Postfix takes it
};

// Reads a Path at the cursor and leaves it behind the closing bracket. A source route is checked and dropped.
// Malformed errors say what is wrong, for the log; the SMTP reply is the caller's.
Result<Address> parse_path(text::Cursor& input, const PathRules& rules);

// A whole Mailbox (local@domain) and nothing else.
Result<Address> parse_mailbox(std::string_view input, bool allow_utf8 = false);

// RFC 5321 Domain, with `_` allowed inside labels as DNS names of real senders have it; not an address
// literal, and not digits and dots alone.
bool valid_domain(std::string_view domain, bool allow_utf8 = false);

// RFC 5321 §4.1.3: "[192.0.2.1]" or "[IPv6:2001:db8::1]".
bool valid_address_literal(std::string_view literal);

}  // namespace ekiden::mail
