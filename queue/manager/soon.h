#pragma once
// When a deliverer that was lost, or the router, is asked again: long before the message's own next attempt.
#include <cstdint>

namespace ekiden::queue {

inline constexpr std::int64_t soon = 5;  // seconds; times the number of passes made
inline constexpr std::int64_t soon_passes = 12;

}  // namespace ekiden::queue
