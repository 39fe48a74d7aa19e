#pragma once
// The commands of POP3 (RFC 1939, 2449, 2595, 5034) as values. The part before login (front) and the part
// after it (session) read lines with the same grammar and each refuse what is not theirs. No I/O, no state.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::pop3 {

namespace limits {
// RFC 2449 §4: a command is at most 255 octets, CRLF included. Twice that is read, so that a long but
// harmless line gets an answer instead of a closed connection.
inline constexpr std::size_t command_line = 512;
// RFC 5034 §4: an initial response and the lines of an exchange may be long (OAuth tokens).
inline constexpr std::size_t auth_line = 12288;
}  // namespace limits

struct User {
    std::string name;
};
struct Pass {
    Secret password;  // the rest of the line: spaces belong to the password (RFC 1939 §7)
};
struct Apop {
    std::string name;
    std::string digest;  // 32 hexadecimal digits, lower case
};
struct Auth {
    std::string mechanism;          // upper case; empty: the client asks which there are
    std::optional<Secret> initial;  // base64; "=" stands for an empty response (RFC 5034 §4)
};
struct Stat {};
struct List {
    std::optional<std::uint32_t> message;
};
struct Retr {
    std::uint32_t message = 0;
};
struct Dele {
    std::uint32_t message = 0;
};
struct Noop {};
struct Rset {};
struct Top {
    std::uint32_t message = 0;
    std::uint32_t lines = 0;
};
struct Uidl {
    std::optional<std::uint32_t> message;
};
struct Quit {};
struct Capa {};
struct Stls {};

using Command =
    std::variant<User, Pass, Apop, Auth, Stat, List, Retr, Dele, Noop, Rset, Top, Uidl, Quit, Capa, Stls>;

// Reads a line without its line end. Keywords are taken in any case; message numbers are whole decimal
// numbers from 1 to 2^32-1. The error's text is the sentence for the -ERR reply.
Result<Command> parse(std::string_view line);

// The keyword as it is logged and counted: "RETR".
std::string_view keyword(const Command& command);

}  // namespace ekiden::pop3
