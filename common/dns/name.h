#pragma once
// Domain names between their presentation form ("mail.example.jp", RFC 1035 §5.1 with \. and \DDD escapes)
// and their wire form (length-prefixed labels, RFC 1035 §3.1). Inside Ekiden a name is lower case and has no
// trailing dot; the root is the empty string. Nothing here follows compression pointers: that is WireReader's
// work.
#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::dns {

// RFC 1035 §2.3.4, in octets; the name's limit counts length octets and the root's zero.
inline constexpr std::size_t label_limit = 63;
inline constexpr std::size_t wire_name_limit = 255;

// The uncompressed wire form. malformed: an empty or too long label, a bad escape, a name past 255 octets.
Result<std::string> name_to_wire(std::string_view presentation);
// The presentation form of an uncompressed wire name that is all of `wire`; malformed otherwise.
Result<std::string> name_from_wire(std::string_view wire);
// Adds one label in presentation form to `name`, with a dot between them when `name` is not empty.
void append_label(std::string& name, std::string_view label);
// Lower case, one trailing dot dropped; not checked.
std::string canonical(std::string_view name);
// A name that a mail host can have (RFC 1123 §2.1): letters, digits, hyphens inside, and the underscore some
// sites use; at least one character; not an address in digits ("10.0.0.1"), which some sites put into MX
// records.
bool is_host_name(std::string_view name);

}  // namespace ekiden::dns
