#pragma once
// What the SMTP client that sends mail on (queue/relay) needs of the configuration, checked once; the check
// of a configuration reads it in the same way.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"
#include "common/config/tls_versions.h"
#include "common/dns/mx.h"
#include "common/net/address.h"
#include "common/smtp/client.h"
#include "common/smtp/tls_level.h"

namespace ekiden::smtp {

struct RelayOptions {
    std::string helo_name;
    std::string own_name;  // $myhostname: an MX host of this name, or a server that greets with it, is us
    std::vector<net::IpAddress> own_addresses;  // of this host, and proxy_interfaces
    // On which mail hosts of ours take mail: an own address at another port is somebody else.
    std::vector<std::uint16_t> own_ports{25};
    std::optional<net::IpAddress> source_v4, source_v6;
    std::uint16_t port = 25;
    bool ipv4 = true;
    bool ipv6 = true;
    dns::AddressPreference preference = dns::AddressPreference::any;
    bool randomize = true;
    std::size_t address_limit = 5;  // addresses tried per delivery
    std::size_t session_limit = 2;  // of those, such as greeted us
    Milliseconds connect_timeout{30'000};
    ClientTimeouts timeouts;
    TlsLevel tls = TlsLevel::may;
    bool tls_wrapper = false;
    config::TlsVersions tls_versions;
    bool log_tls = true;
    bool log_in = false;          // smtp_sasl_auth_enable
    bool plain_in_clear = false;  // PLAIN and LOGIN are allowed without TLS
    bool plain_under_tls = false;
    std::vector<std::string> ignored_keywords;
    std::size_t line_limit = 998;
    bool skip_5xx_greeting = true;
    bool wait_for_quit = false;
    bool reuse = true;  // keep connections for the next message of a destination
    Milliseconds idle_time{2'000};
    Milliseconds reuse_time{300'000};
    std::uint32_t reuse_count = 100;  // messages over one connection; 0: no limit

    bool is_self(const net::IpAddress& address, std::uint16_t at_port) const;

    // Errors name the parameter. Reads the addresses of this host's interfaces where inet_interfaces says
    // "all": call it before the process is confined. The own ports are 25 and smtp_tcp_port; the caller adds
    // those of master.cf.
    static Result<RelayOptions> from(const Settings& settings);
};

}  // namespace ekiden::smtp
