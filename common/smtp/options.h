#pragma once
// What a server session needs of the configuration, taken out of the settings once at start and checked
// there.
#include <set>
#include <string>

#include "common/config/settings.h"
#include "common/smtp/restrictions/restriction.h"
#include "common/smtp/tls_level.h"
#include "common/tables/network_list.h"

namespace ekiden::smtp {

// Port 25, or the message submission of RFC 6409; they differ in some parameters and in their policy.
enum class Role { transfer, submission };
enum class BareNewline { normalize, reject, no };

struct SessionOptions {
    std::string service;  // "smtp", "submission": what authd and log lines call it
    std::string hostname, banner, mail_name, origin;

    tables::NetworkList my_networks, rate_exceptions, plaintext_auth, auth_exceptions,
        bare_newline_exclusions;
    Restrictions restrictions;
    bool delay_reject = true, helo_required = false, vrfy = true, strict_envelopes = false;
    std::set<std::string, std::less<>> discarded_keywords;  // upper case: EHLO does not announce them
    BareNewline bare_newline = BareNewline::normalize;
    int bare_newline_code = 550;
    bool forbid_pipelining = true;

    Milliseconds timeout, command_timeout, data_timeout, transaction_deadline, starttls_timeout, error_sleep;
    std::size_t line_limit = 2048, inline_limit = 65536, sasl_line_limit = 12288;
    std::uint64_t size_limit = 0;  // octets of a message; 0: none
    unsigned recipient_limit = 1000, overshoot_limit = 1000, hop_limit = 50;
    unsigned soft_errors = 10, hard_errors = 20, junk_limit = 100;

    unsigned connection_count_limit = 0, connection_rate_limit = 0, message_rate_limit = 0,
             recipient_rate_limit = 0;
    unsigned auth_rate_limit = 0, tls_rate_limit = 0;  // 0: none
    unsigned ipv4_prefix = 32, ipv6_prefix = 84;

    TlsLevel tls = TlsLevel::may;
    bool tls_wrapper = false, tls_auth_only = true, tls_in_received = true, tls_log = true;
    bool auth = true, login_in_received = false, broken_auth_clients = false;
    List mechanism_filter;
    bool peer_names = true;

    // Malformed: the first parameter that cannot be used, by name, and what to write instead.
    static Result<SessionOptions> from(const Settings& settings, Role role,
                                       const tables::Source& source = {});
};

}  // namespace ekiden::smtp
