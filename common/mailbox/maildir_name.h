#pragma once
// The names of Maildir files: `seconds.unique.host,S=size,W=size with CRLF:2,flags`. The part before the
// first `,` or
// `:` (the base) names the message for ever; the sizes spare readers the file; flags stand only in cur/.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::mailbox {

struct MaildirName {
    std::string_view base;
    std::optional<std::uint64_t> size;       // S=: octets of the file
    std::optional<std::uint64_t> wire_size;  // W=: octets with every line ended by CRLF
    std::string_view flags;                  // after ":2,"
};

// Reads any name, also those that other programs made; views point into `name`.
MaildirName parse_name(std::string_view name);

// The base of a delivery: `arrival.Q<queue id>R<recipient number>.host`. The same delivery tried again gets
// the same base, so that a retry finds the copy of an attempt that crashed. Queue ids are never used again,
// so bases are unique.
std::string delivery_base(std::int64_t arrival_seconds, std::string_view queue_id, std::uint32_t recipient,
                          std::string_view host);

// The whole name of a message in new/.
std::string message_name(std::string_view base, std::uint64_t size, std::uint64_t wire_size);

// POP3's UIDL (RFC 1939 §7: 1 to 70 octets from 0x21 to 0x7e): the base, or a digest of it when it has
// another form.
std::string unique_id(std::string_view name);

// A digest of 32 hexadecimal digits for names. Not for secrets: whoever can write names can make two equal.
std::string name_digest(std::string_view text);

}  // namespace ekiden::mailbox
