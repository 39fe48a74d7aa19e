#include "common/text/utf8.h"

#include <cstdint>

namespace ekiden::text {
namespace {

// How many octets the sequence at the beginning of `rest` has; 0 where there is none.
std::size_t sequence(std::string_view rest) {
    auto octet = [&](std::size_t i) {
        return i < rest.size() ? static_cast<std::uint8_t>(rest[i]) : std::uint8_t{0};
    };
    const std::uint8_t first = octet(0);
    if (first < 0x80) return 1;
    std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                         : first >= 0xe0 && first <= 0xef ? 3
                         : first >= 0xf0 && first <= 0xf4 ? 4
                                                          : 0;
    std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (std::size_t i = 1; i < length; ++i) {
        if (octet(i) < low || octet(i) > high) return 0;
        low = 0x80, high = 0xbf;
    }
    return length;
}

}  // namespace

bool is_utf8(std::string_view octets) {
    while (!octets.empty()) {
        std::size_t length = sequence(octets);
        if (length == 0) return false;
        octets.remove_prefix(length);
    }
    return true;
}

}  // namespace ekiden::text
