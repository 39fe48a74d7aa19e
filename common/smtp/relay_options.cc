#include "common/smtp/relay_options.h"

#include <fmt/format.h>
#include <ifaddrs.h>

#include <algorithm>

#include "common/config/bad_parameter.h"
#include "common/dns/name.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

using config::bad_parameter;

Milliseconds ms(Seconds time) { return std::chrono::duration_cast<Milliseconds>(time); }

// A limit where 0 means none.
std::size_t limit_of(std::int64_t value) {
    return value <= 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(value);
}

Result<dns::AddressPreference> preferred_family(const Settings& settings) {
    const std::string& text = settings[param::smtp_address_preference];
    if (text.empty() || text == "any") return dns::AddressPreference::any;
    if (text == "ipv4") return dns::AddressPreference::ipv4;
    if (text == "ipv6") return dns::AddressPreference::ipv6;
    return bad_parameter("smtp_address_preference",
                         fmt::format("\"{}\" is not any, ipv4 or ipv6", text::printable(text, 60)));
}

Result<std::optional<net::IpAddress>> source(const Param<std::string>& parameter, const Settings& settings,
                                             bool v6) {
    const std::string& text = settings[parameter];
    if (text.empty()) return std::nullopt;
    Result<net::IpAddress> address = net::IpAddress::parse(text);
    if (!address || address->v6() != v6)
        return bad_parameter(
            parameter.name, fmt::format("\"{}\" is no IPv{} address", text::printable(text, 60), v6 ? 6 : 4));
    return *address;
}

// EHLO has a name or an address literal (RFC 5321 §4.1.1.1).
Result<std::string> checked_helo_name(const Settings& settings) {
    const std::string& text = settings[param::smtp_helo_name];
    bool literal = text.starts_with('[') && text.ends_with(']');
    if (literal || dns::is_host_name(text)) return text;
    return bad_parameter("smtp_helo_name", fmt::format("\"{}\" is no host name", text::printable(text, 100)));
}

ClientTimeouts timeouts_of(const Settings& settings) {
    ClientTimeouts timeouts;
    timeouts.helo = ms(settings[param::smtp_helo_timeout]);
    timeouts.starttls = ms(settings[param::smtp_starttls_timeout]);
    timeouts.mail = ms(settings[param::smtp_mail_timeout]);
    timeouts.rcpt = ms(settings[param::smtp_rcpt_timeout]);
    timeouts.data_init = ms(settings[param::smtp_data_init_timeout]);
    timeouts.data_xfer = ms(settings[param::smtp_data_xfer_timeout]);
    timeouts.data_done = ms(settings[param::smtp_data_done_timeout]);
    timeouts.rset = ms(settings[param::smtp_rset_timeout]);
    timeouts.quit = ms(settings[param::smtp_quit_timeout]);
    return timeouts;
}

void take_limits(const Settings& settings, RelayOptions& policy) {
    policy.address_limit = limit_of(settings[param::smtp_mx_address_limit]);
    policy.session_limit = limit_of(settings[param::smtp_mx_session_limit]);
    policy.connect_timeout = ms(settings[param::smtp_connect_timeout]);
    policy.line_limit =
        static_cast<std::size_t>(std::max<std::int64_t>(0, settings[param::smtp_line_length_limit]));
    // A shorter line could not hold the blank that continues it.
    if (policy.line_limit != 0) policy.line_limit = std::max<std::size_t>(policy.line_limit, 80);
    policy.reuse = settings[param::smtp_connection_cache_on_demand];
    policy.idle_time = ms(settings[param::smtp_connection_cache_time_limit]);
    policy.reuse_time = ms(settings[param::smtp_connection_reuse_time_limit]);
    policy.reuse_count = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(settings[param::smtp_connection_reuse_count_limit], 0, 1'000'000));
}

std::vector<net::IpAddress> interface_addresses() {
    std::vector<net::IpAddress> found;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return found;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, freeifaddrs);
    for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr) continue;
        sockaddr_storage raw{};
        const int family = each->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        std::memcpy(&raw, each->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        if (Result<net::Endpoint> endpoint = net::from_sockaddr(raw)) found.push_back(endpoint->address);
    }
    return found;
}

// What this host is known by (inet_interfaces), as it sees itself and from outside (proxy_interfaces).
Result<std::vector<net::IpAddress>> own_addresses(const Settings& settings) {
    std::vector<net::IpAddress> own;
    for (const std::string& text : settings[param::proxy_interfaces]) {
        Result<net::IpAddress> address = net::IpAddress::parse(text);
        if (!address) return bad_parameter("proxy_interfaces", address.error());
        own.push_back(*address);
    }
    for (const std::string& text : settings[param::inet_interfaces]) {
        if (text == "all")
            for (const net::IpAddress& address : interface_addresses()) own.push_back(address);
        if (text == "loopback-only")
            own.insert(own.end(), {*net::IpAddress::parse("127.0.0.1"), *net::IpAddress::parse("::1")});
        if (Result<net::IpAddress> address = net::IpAddress::parse(text)) own.push_back(*address);
    }
    return own;
}

Result<> take_addresses(const Settings& settings, RelayOptions& policy) {
    const List& protocols = settings[param::inet_protocols];
    const auto named = [&](std::string_view name) {
        return std::ranges::find(protocols, name) != protocols.end();
    };
    policy.ipv4 = named("all") || named("ipv4");
    policy.ipv6 = named("all") || named("ipv6");
    auto v4 = source(param::smtp_bind_address, settings, false);
    if (!v4) return pass(std::move(v4));
    policy.source_v4 = *v4;
    auto v6 = source(param::smtp_bind_address6, settings, true);
    if (!v6) return pass(std::move(v6));
    policy.source_v6 = *v6;
    Result<std::vector<net::IpAddress>> own = own_addresses(settings);
    if (!own) return pass(own);
    policy.own_addresses = std::move(*own);
    const std::int64_t port = settings[param::smtp_tcp_port];
    if (port < 1 || port > 65535) return bad_parameter("smtp_tcp_port", "must be 1 to 65535");
    policy.port = static_cast<std::uint16_t>(port);
    policy.own_ports.push_back(policy.port);
    return {};
}

}  // namespace

bool RelayOptions::is_self(const net::IpAddress& address, std::uint16_t at_port) const {
    return std::ranges::find(own_ports, at_port) != own_ports.end() &&
           std::ranges::find(own_addresses, address) != own_addresses.end();
}

Result<RelayOptions> RelayOptions::from(const Settings& settings) {
    RelayOptions policy;
    Result<std::string> helo = checked_helo_name(settings);
    if (!helo) return pass(helo);
    policy.helo_name = *helo;
    policy.own_name = text::to_lower(settings[param::myhostname]);
    Result<> addresses = take_addresses(settings, policy);
    if (!addresses) return pass(std::move(addresses));
    Result<dns::AddressPreference> preferred = preferred_family(settings);
    if (!preferred) return pass(std::move(preferred));
    policy.preference = *preferred;
    Result<TlsLevel> level = tls_level_of(param::smtp_tls_security_level, settings);
    if (!level) return pass(std::move(level));
    policy.tls = *level;
    policy.tls_wrapper = settings[param::smtp_tls_wrappermode];
    const bool mandatory = policy.tls == TlsLevel::encrypt || policy.tls_wrapper;
    const auto& protocols = mandatory ? param::smtp_tls_mandatory_protocols : param::smtp_tls_protocols;
    Result<config::TlsVersions> versions = config::tls_versions(settings[protocols]);
    if (!versions) return bad_parameter(protocols.name, versions.error());
    policy.tls_versions = *versions;
    policy.log_tls = settings[param::smtp_tls_loglevel] > 0;
    const auto allows_plain = [](const List& options) {
        return std::ranges::find(options, "noplaintext") == options.end();
    };
    policy.log_in = settings[param::smtp_sasl_auth_enable];
    policy.plain_in_clear = allows_plain(settings[param::smtp_sasl_security_options]);
    policy.plain_under_tls = allows_plain(settings[param::smtp_sasl_tls_security_options]);
    policy.randomize = settings[param::smtp_randomize_addresses];
    policy.timeouts = timeouts_of(settings);
    take_limits(settings, policy);
    policy.ignored_keywords = settings[param::smtp_discard_ehlo_keywords];
    policy.skip_5xx_greeting = settings[param::smtp_skip_5xx_greeting];
    policy.wait_for_quit = !settings[param::smtp_skip_quit_response];
    return policy;
}

}  // namespace ekiden::smtp
