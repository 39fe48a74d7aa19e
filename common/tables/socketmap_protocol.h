#pragma once
// What a socketmap server and its client say (socketmap_table(5), Sendmail's protocol): a netstring "name
// key" and a netstring that begins with OK, NOTFOUND, TEMP, TIMEOUT or PERM. No I/O.
#include "common/tables/table.h"

namespace ekiden::tables {

namespace limits {
inline constexpr std::size_t socketmap_reply = 100'000;  // octets of the netstring's content
}

std::string socketmap_request(std::string_view map, std::string_view key);

// The netstring at the beginning of `input`: its content and how many octets it takes with its frame; nothing
// where more must be read. Malformed: no netstring, or a longer one than allowed.
struct Netstring {
    std::string_view content;
    std::size_t taken;
};
Result<std::optional<Netstring>> take_netstring(std::string_view input, std::size_t longest);

// The answer in a reply. Temporary for TEMP and TIMEOUT, permanent for PERM, malformed for anything else.
Found read_socketmap_reply(std::string_view content);

}  // namespace ekiden::tables
