#include "common/front/pop3_options.h"

#include <algorithm>

namespace ekiden::front {

Result<Pop3Options> Pop3Options::from(const Settings& settings, const tables::Source& source) {
    Pop3Options options;
    options.host = settings[param::myhostname];
    options.banner = settings[param::pop3d_banner];
    options.tls_at_once = settings[param::pop3d_tls_wrappermode];
    options.tls_auth_only = settings[param::pop3d_tls_auth_only];
    options.apop = settings[param::pop3d_apop_enable];
    using tables::NetworkList;
    Result<NetworkList> plaintext = NetworkList::of(param::pop3d_plaintext_auth_networks, settings, source);
    if (!plaintext) return pass(plaintext);
    Result<NetworkList> uncounted =
        NetworkList::of(param::smtpd_client_event_limit_exceptions, settings, source);
    if (!uncounted) return pass(uncounted);
    options.plaintext_clients = std::move(*plaintext);
    options.uncounted_clients = std::move(*uncounted);
    options.login_time = settings[param::pop3d_login_timeout];
    auto bounded = [&](const Param<std::int64_t>& param) {
        return static_cast<unsigned>(std::clamp<std::int64_t>(settings[param], 0, 1'000'000));
    };
    options.bad_commands = bounded(param::pop3d_bad_command_limit);
    options.bad_logins = bounded(param::pop3d_login_attempt_limit);
    options.connections_per_client = bounded(param::pop3d_client_connection_count_limit);
    return options;
}

}  // namespace ekiden::front
