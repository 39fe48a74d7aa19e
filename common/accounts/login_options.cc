#include "common/accounts/login_options.h"

#include <fmt/format.h>

#include <limits>

#include "common/config/bad_parameter.h"
#include "common/text/ascii.h"

namespace ekiden::accounts {
namespace {

Result<std::uint64_t> within(const Settings& settings, const Param<std::int64_t>& param, std::int64_t least,
                             std::int64_t most) {
    std::int64_t value = settings[param];
    if (value < least || value > most)
        return config::bad_parameter(param.name, fmt::format("{} is not from {} to {}", value, least, most));
    return static_cast<std::uint64_t>(value);
}

// The services that give grants.
Result<List> grant_services(const Settings& settings) {
    const List& listed = settings[param::pop_before_smtp_services];
    for (const std::string& name : listed)
        if (name != "pop3" && name != "imap")
            return config::bad_parameter("pop_before_smtp_services", fmt::format("\"{}\" is not pop3 or imap",
                                                                                 text::printable(name, 60)));
    return listed;
}

}  // namespace

FailurePolicy FailurePolicy::from(const Settings& settings) {
    return {settings[param::auth_failure_delay], settings[param::auth_failure_delay_max],
            settings[param::auth_failure_limit_address], settings[param::auth_failure_limit_user],
            settings[param::auth_failure_window]};
}

Result<GrantPolicy> GrantPolicy::from(const Settings& settings, const tables::Source& source) {
    GrantPolicy policy;
    policy.ttl = settings[param::pop_before_smtp_ttl];
    policy.require_tls = settings[param::pop_before_smtp_require_tls];
    policy.match_sender = settings[param::pop_before_smtp_match_sender];
    policy.recipient_limit = settings[param::pop_before_smtp_recipient_limit];
    Result<List> named = grant_services(settings);
    if (!named) return pass(named);
    policy.services = std::move(*named);
    Result<std::uint64_t> prefix = within(settings, param::pop_before_smtp_ipv6_prefix, 1, 128);
    if (!prefix) return pass(prefix);
    policy.ipv6_prefix = static_cast<unsigned>(*prefix);
    Result<std::uint64_t> most =
        within(settings, param::pop_before_smtp_max_grants, 1, std::numeric_limits<std::int64_t>::max());
    if (!most) return pass(most);
    policy.max_grants = static_cast<std::size_t>(*most);
    Result<tables::NetworkList> excluded =
        tables::NetworkList::of(param::pop_before_smtp_exclude_networks, settings, source);
    if (!excluded) return pass(excluded);
    policy.exclude_networks = std::move(*excluded);
    return policy;
}

Result<LoginOptions> LoginOptions::from(const Settings& settings, const tables::Source& source) {
    LoginOptions options;
    options.host_name = settings[param::myhostname];
    options.default_domain = settings[param::auth_default_domain];
    options.system_accounts = settings[param::system_accounts];
    options.local_domains.push_back(text::to_lower(settings[param::myorigin]));
    for (const std::string& domain : settings[param::mydestination])
        if (domain.find_first_of("/:!") == std::string::npos)
            options.local_domains.push_back(text::to_lower(domain));
    options.accounts_database = settings[param::accounts_database];
    options.directory_database = settings[param::directory_database];
    options.state_directory = settings[param::data_directory];
    options.cache_ttl = settings[param::auth_cache_ttl];
    options.ticket_ttl = settings[param::auth_ticket_ttl];
    options.rate_unit = settings[param::anvil_rate_time_unit];
    options.mechanism_filter = settings[param::smtpd_sasl_mechanism_filter];
    options.failures = FailurePolicy::from(settings);
    options.commands = CommandPolicy::from(settings);

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
    Result<GrantPolicy> grants = GrantPolicy::from(settings, source);
    if (!grants) return pass(grants);
    options.grants = std::move(*grants);
    return options;
}

}  // namespace ekiden::accounts
