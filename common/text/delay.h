#pragma once
// Times in log lines as Postfix writes them, in delay= and delays=: seconds with two significant digits and
// at most two decimals, "0.04", "1.1", "34", "2700"; no trailing zeros.
#include <cstdint>
#include <string>

namespace ekiden::text {

// Negative times (a clock set back) print as 0.
std::string print_delay(std::int64_t microseconds);

// "a/b/c/d": before the queue manager, in it, connection set-up, transmission.
std::string print_delays(std::int64_t before, std::int64_t in_manager, std::int64_t setup,
                         std::int64_t transmission);

}  // namespace ekiden::text
