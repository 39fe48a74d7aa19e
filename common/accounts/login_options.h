#pragma once
// What authd takes from the configuration, checked as a whole before any of it is used; the check of a
// configuration reads it in the same way.
#include <cstdint>
#include <string>
#include <vector>

#include "common/accounts/commands.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/config/settings.h"
#include "common/sasl/password.h"
#include "common/tables/network_list.h"

namespace ekiden::accounts {

// Which logins let their address relay (POP before SMTP), and how far.
struct GrantPolicy {
    Seconds ttl{600};
    std::vector<std::string> services{"pop3"};
    bool require_tls = false;
    bool match_sender = true;
    std::int64_t recipient_limit = 100;  // 0: none
    unsigned ipv6_prefix = 64;
    tables::NetworkList exclude_networks;
    std::size_t max_grants = 100000;
    // Errors name the parameter.
    static Result<GrantPolicy> from(const Settings& settings, const tables::Source& source = {});
};

// How bad logins are slowed down.
struct FailurePolicy {
    Milliseconds delay{2000};
    Milliseconds delay_max{15000};
    std::int64_t limit_address = 50;  // 0: none
    std::int64_t limit_user = 20;     // 0: none
    Seconds window{600};
    static FailurePolicy from(const Settings& settings);
};

struct LoginOptions {
    std::string host_name;
    std::string default_domain;  // for logins without @
    bool system_accounts = false;
    std::vector<std::string> local_domains;  // whose addresses are those of the system's users, lower case
    std::string accounts_database;
    std::string directory_database;
    std::string state_directory;
    sasl::HashCost hash_cost;
    unsigned hash_threads = 2;
    Seconds cache_ttl{3600};
    std::size_t cache_size = 10000;
    Seconds ticket_ttl{30};
    Seconds rate_unit{60};
    std::vector<std::string> mechanism_filter;  // empty: all
    FailurePolicy failures;
    CommandPolicy commands;
    GrantPolicy grants;

    // Errors name the parameter.
    static Result<LoginOptions> from(const Settings& settings, const tables::Source& source = {});
};

}  // namespace ekiden::accounts
