#include "authd/options.h"

#include <fmt/format.h>

namespace ekiden::authd {
namespace {

Result<std::uint64_t> within(const Settings& settings, const Param<std::int64_t>& param, std::int64_t least,
                             std::int64_t most) {
    std::int64_t value = settings[param];
    if (value < least || value > most)
        return malformed(fmt::format("{}: {} is not from {} to {}", param.name, value, least, most));
    return static_cast<std::uint64_t>(value);
}

}  // namespace

Result<Options> Options::from(const Settings& settings) {
    Options options;
    options.host_name = settings[param::myhostname];
    options.default_domain = settings[param::auth_default_domain];
    options.accounts_database = settings[param::accounts_database];
    options.directory_database = settings[param::directory_database];
    options.state_directory = settings[param::data_directory];
    options.virtual_owner = settings[param::virtual_owner];
    options.cache_ttl = settings[param::auth_cache_ttl];
    options.ticket_ttl = settings[param::auth_ticket_ttl];
    options.rate_unit = settings[param::anvil_rate_time_unit];
    options.mechanism_filter = settings[param::smtpd_sasl_mechanism_filter];
    options.failures = FailurePolicy::from(settings);
    options.commands = accounts::CommandPolicy::from(settings);

    // 8 KiB is the least that Argon2id takes (tests use it), 1 GiB more than a login should take.
    Result<std::uint64_t> memory = within(settings, param::auth_hash_memory, 8192, std::int64_t{1} << 30);
    if (!memory) return pass(memory);
    Result<std::uint64_t> passes = within(settings, param::auth_hash_operations, 1, 100);
    if (!passes) return pass(passes);
    options.hash_cost = {*passes, *memory / 1024};
    Result<std::uint64_t> threads = within(settings, param::auth_hash_threads, 1, 64);
    if (!threads) return pass(threads);
    options.hash_threads = static_cast<unsigned>(*threads);
    Result<std::uint64_t> cache = within(settings, param::auth_cache_size, 0, 10'000'000);
    if (!cache) return pass(cache);
    options.cache_size = *cache;
    Result<GrantPolicy> grants = GrantPolicy::from(settings);
    if (!grants) return pass(grants);
    options.grants = std::move(*grants);
    return options;
}

}  // namespace ekiden::authd
