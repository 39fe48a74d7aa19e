#pragma once
// What authd takes from the configuration, checked as a whole before any of it is used.
#include <cstdint>
#include <string>
#include <vector>

#include "authd/failures.h"
#include "authd/grants.h"
#include "common/accounts/commands.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/config/settings.h"
#include "common/sasl/password.h"

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
// Of one address: checks that may be under way in all, those of them that run, and how long one waits to
// begin.
inline constexpr std::size_t checks_per_address = 1000;
inline constexpr std::size_t running_per_address = 8;
inline constexpr Seconds check_wait{20};
inline constexpr Seconds exchange_age{300};
}  // namespace limits

struct Options {
    std::string host_name;
    std::string default_domain;  // for logins without @
    std::string accounts_database;
    std::string directory_database;
    std::string state_directory;
    std::string virtual_owner;
    sasl::HashCost hash_cost;
    unsigned hash_threads = 2;
    Seconds cache_ttl{3600};
    std::size_t cache_size = 10000;
    Seconds ticket_ttl{30};
    Seconds rate_unit{60};
    std::vector<std::string> mechanism_filter;  // empty: all
    FailurePolicy failures;
    accounts::CommandPolicy commands;
    GrantPolicy grants;

    static Result<Options> from(const Settings& settings);
};

}  // namespace ekiden::authd
