#pragma once
// base64 (RFC 4648 §4), strict: padding required, no other octets, no stray bits.
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::text {

std::string base64_encode(std::string_view octets);
// Nothing when the input is not exactly what base64_encode could have written.
std::optional<std::string> base64_decode(std::string_view encoded);

std::string hex_encode(std::string_view octets);
std::optional<std::string> hex_decode(std::string_view hex);

}  // namespace ekiden::text
