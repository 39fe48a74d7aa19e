#include "common/text/ascii.h"

#include <algorithm>

namespace ekiden::text {

std::string to_lower(std::string_view s) {
    std::string result(s);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string to_upper(std::string_view s) {
    std::string result(s);
    std::ranges::transform(result, result.begin(), upper);
    return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_case(std::string_view s, std::string_view prefix) {
    return s.size() >= prefix.size() && equal_ignoring_case(s.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view s) {
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
    return s;
}

std::vector<std::string> split(std::string_view s, std::string_view separators) {
    std::vector<std::string> pieces;
    while (!s.empty()) {
        std::size_t end = std::min(s.find_first_of(separators), s.size());
        if (end > 0) pieces.emplace_back(s.substr(0, end));
        s.remove_prefix(std::min(end + 1, s.size()));
    }
    return pieces;
}

std::optional<std::uint64_t> parse_number(std::string_view s) {
    std::uint64_t value = 0;
    if (s.empty() || !std::ranges::all_of(s, is_digit)) return std::nullopt;
    auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return value;
}

std::string printable(std::string_view s, std::size_t limit) {
    std::string result(s.substr(0, limit));
    std::ranges::replace_if(result, [](char c) { return !is_print(c); }, '?');
    return result;
}

}  // namespace ekiden::text
