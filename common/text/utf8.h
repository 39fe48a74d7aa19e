#pragma once
// Is it UTF-8? Shortest forms only, no surrogates, nothing beyond U+10FFFF (RFC 3629 §4).
#include <string_view>

namespace ekiden::text {

bool is_utf8(std::string_view octets);

}  // namespace ekiden::text
