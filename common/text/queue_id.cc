// Base 52 without vowels, so that no id spells a word; the digits in the order of ASCII, so that ids sort by
// time.
#include "common/text/queue_id.h"

#include <algorithm>
#include <array>
#include <limits>

namespace ekiden::text {
namespace {

constexpr std::string_view digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
static_assert(digits.size() == 52);
constexpr std::int64_t time_base = 52;
constexpr std::int64_t sequence_base = 51;  // leaves out 'z', the separator
constexpr std::size_t seconds_width = 6;
constexpr std::size_t microseconds_width = 4;

std::string in_base(std::int64_t number, std::int64_t base, std::size_t width) {
    std::string result;
    while (number > 0 || result.size() < width) {
        result.push_back(digits[static_cast<std::size_t>(number % base)]);
        number /= base;
    }
    std::reverse(result.begin(), result.end());
    return result;
}

constexpr std::array<std::int8_t, 128> values = [] {
    std::array<std::int8_t, 128> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < digits.size(); ++i)
        table[static_cast<std::size_t>(digits[i])] = static_cast<std::int8_t>(i);
    return table;
}();

std::optional<std::int64_t> number_from(std::string_view s, std::int64_t base) {
    std::int64_t result = 0;
    for (char c : s) {
        auto octet = static_cast<unsigned char>(c);
        std::int64_t value = octet < 128 ? values[octet] : -1;
        if (value < 0 || value >= base) return std::nullopt;
        if (result > (std::numeric_limits<std::int64_t>::max() - value) / base) return std::nullopt;
        result = result * base + value;
    }
    return result;
}

}  // namespace

std::string print(const QueueId& id) {
    return in_base(id.time_us / 1'000'000, time_base, seconds_width) +
           in_base(id.time_us % 1'000'000, time_base, microseconds_width) + 'z' +
           in_base(id.sequence, sequence_base, 1);
}

std::optional<QueueId> parse_queue_id(std::string_view id) {
    std::size_t separator = id.rfind('z');
    if (separator == std::string_view::npos || id.size() > queue_id_limit) return std::nullopt;
    if (separator < seconds_width + microseconds_width || separator + 1 == id.size()) return std::nullopt;
    std::size_t split = separator - microseconds_width;
    std::optional<std::int64_t> seconds = number_from(id.substr(0, split), time_base);
    std::optional<std::int64_t> fraction = number_from(id.substr(split, microseconds_width), time_base);
    std::optional<std::int64_t> sequence = number_from(id.substr(separator + 1), sequence_base);
    if (!seconds || !fraction || !sequence || *fraction >= 1'000'000 || *sequence == 0) return std::nullopt;
    if (*seconds > std::numeric_limits<std::int64_t>::max() / 1'000'000 - 1) return std::nullopt;
    QueueId result{*seconds * 1'000'000 + *fraction, *sequence};
    if (print(result) != id) return std::nullopt;  // padding beyond the form
    return result;
}

}  // namespace ekiden::text
