#include "common/text/delay.h"

#include <fmt/format.h>

namespace ekiden::text {
namespace {

std::string without_trailing_zeros(std::string digits) {
    if (digits.find('.') == std::string::npos) return digits;
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.ends_with('.')) digits.pop_back();
    return digits;
}

}  // namespace

std::string print_delay(std::int64_t microseconds) {
    if (microseconds <= 0) return "0";
    std::int64_t hundredths = (microseconds + 5'000) / 10'000;
    if (hundredths < 100) return without_trailing_zeros(fmt::format("0.{:02}", hundredths));
    std::int64_t tenths = (microseconds + 50'000) / 100'000;
    if (tenths < 100) return without_trailing_zeros(fmt::format("{}.{}", tenths / 10, tenths % 10));
    std::int64_t seconds = (microseconds + 500'000) / 1'000'000;
    std::int64_t unit = 1;
    while (seconds / unit >= 100) unit *= 10;
    return fmt::format("{}", (seconds + unit / 2) / unit * unit);
}

std::string print_delays(std::int64_t before, std::int64_t in_manager, std::int64_t setup,
                         std::int64_t transmission) {
    return fmt::format("{}/{}/{}/{}", print_delay(before), print_delay(in_manager), print_delay(setup),
                       print_delay(transmission));
}

}  // namespace ekiden::text
