#pragma once
// SMTP commands as a server reads them: RFC 5321 §4.1.1 with SIZE (RFC 1870), 8BITMIME (RFC 6152), DSN (RFC
// 3461), AUTH (RFC 4954), STARTTLS (RFC 3207) and SMTPUTF8 (RFC 6531). A line in, a Command out, or the very
// reply that the client should get. Whether a command may come now, and whether an extension is offered, is
// the session's business.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/mail/address.h"
#include "common/smtp/reply.h"

namespace ekiden::smtp {

// The verbs that are counted by name in the disconnect line; all others are `unknown`.
enum class Verb { helo, ehlo, mail, rcpt, data, rset, noop, vrfy, expn, help, quit, starttls, auth, unknown };
inline constexpr std::size_t verb_count = 14;

// Lower case, as Postfix logs them: "ehlo", "unknown".
std::string_view name_of(Verb verb);
// The verb that a line begins with.
Verb verb_of(std::string_view line);

enum class Body { unspecified, seven_bit, eight_bit };
enum class DsnReturn { unspecified, full, headers };  // RFC 3461 §4.3

// RFC 3461 §4.1; `never` excludes the others. No bit at all: the client said nothing.
namespace notify {
inline constexpr std::uint8_t never = 1;
inline constexpr std::uint8_t success = 2;
inline constexpr std::uint8_t failure = 4;
inline constexpr std::uint8_t delay = 8;
}  // namespace notify

struct Helo {
    std::string host;
};
struct Ehlo {
    std::string host;
};
struct Mail {
    mail::Address path;
    std::optional<std::uint64_t> size;  // octets; the largest number when the client's does not fit
    Body body = Body::unspecified;
    DsnReturn ret = DsnReturn::unspecified;
    std::string envid;                // xtext as it came, at most 100 octets
    std::optional<std::string> auth;  // RFC 4954 §5, xtext as it came; "<>" for none
    bool smtputf8 = false;
};
struct Rcpt {
    mail::Address path;
    std::uint8_t notify = 0;  // bits of namespace notify
    std::string orcpt;        // "rfc822;xtext" as it came, at most 500 octets
};
struct Data {};
struct Rset {};
struct Noop {};
struct Vrfy {
    std::string what;
};
struct Expn {};
struct Help {};
struct Quit {};
struct StartTls {};
struct Auth {
    std::string mechanism;               // upper case
    std::optional<std::string> initial;  // base64 as it came; "=" means an empty response (RFC 4954 §4)
};
struct Unknown {
    std::string verb;  // printable, at most 100 octets
};

using Command =
    std::variant<Helo, Ehlo, Mail, Rcpt, Data, Rset, Noop, Vrfy, Expn, Help, Quit, StartTls, Auth, Unknown>;

struct CommandRules {
    bool strict_envelopes = false;  // strict_rfc821_envelopes: addresses need < and >
    bool smtputf8 = false;          // SMTPUTF8 was offered
    bool unqualified = false;       // addresses may lack a domain: clients of ours
    bool dsn = true;                // DSN was offered
};

// Parses one line, without its line end. The error is the reply to send.
std::expected<Command, Reply> parse(std::string_view line, const CommandRules& rules = {});

// RFC 3461 §4 xtext: printable octets but "+" and "=", and "+" with two upper-case hexadecimal digits, which
// may not stand for a control character.
bool valid_xtext(std::string_view xtext);
// The octets that it stands for; only for what is valid.
std::string decode_xtext(std::string_view xtext);

}  // namespace ekiden::smtp
