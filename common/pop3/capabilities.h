#pragma once
// What both sides of a login list in reply to CAPA (RFC 2449 §5 and §6). Before login the front adds USER,
// SASL and STLS as they are offered there.
#include <array>
#include <string_view>

namespace ekiden::pop3 {

inline constexpr std::array<std::string_view, 7> capabilities{
    "TOP",
    "UIDL",
    "RESP-CODES",      // RFC 2449 §6.4: [IN-USE], [SYS/TEMP] …
    "AUTH-RESP-CODE",  // RFC 3206: [AUTH]
    "PIPELINING",
    "EXPIRE NEVER",
    "IMPLEMENTATION Ekiden",
};

}  // namespace ekiden::pop3
