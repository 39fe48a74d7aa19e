#pragma once
// What authd takes from the configuration, and the bounds of its tables.
#include <cstddef>

#include "common/accounts/login_options.h"
#include "common/base/clock.h"

namespace ekiden::authd {

namespace limits {
// Of tables that strangers can fill; past them the entry not touched for longest gives way.
inline constexpr std::size_t clients = 100'000;
inline constexpr std::size_t failures = 50'000;
inline constexpr std::size_t tickets = 20'000;
inline constexpr std::size_t exchanges = 20'000;
inline constexpr std::size_t used_challenges = 100'000;
// Password checks that may wait for a thread; past it the answer is "try again later".
inline constexpr std::size_t waiting_checks = 256;
// Of one address: checks that may be under way in all, and how long one waits to begin. Given to the hashing
// threads are no more than there are threads: others would wait behind them.
inline constexpr std::size_t checks_per_address = 1000;
inline constexpr Seconds check_wait{20};
inline constexpr Seconds exchange_age{300};
}  // namespace limits

using Options = accounts::LoginOptions;

}  // namespace ekiden::authd
