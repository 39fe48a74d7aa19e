#pragma once
// ASCII without the locale: classes of octets, case, trimming, splitting, numbers. Octets above 127 are in no
// class.
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::text {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_print(char c) { return c >= 0x20 && c < 0x7f; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string to_lower(std::string_view s);
std::string to_upper(std::string_view s);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view s, std::string_view prefix);
std::string_view trim(std::string_view s);

// Pieces between any of the separators, empty pieces dropped: Postfix's way with lists.
std::vector<std::string> split(std::string_view s, std::string_view separators);

// A whole non-negative decimal number and nothing else; nothing on overflow.
std::optional<std::uint64_t> parse_number(std::string_view s);

// What a log line may hold: octets outside printable ASCII become '?'; cut at `limit` octets.
std::string printable(std::string_view s, std::size_t limit = 1000);

}  // namespace ekiden::text
