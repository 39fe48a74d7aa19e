#pragma once
// What the dialogue before login needs of the configuration.
#include "common/config/settings.h"
#include "common/net/network_list.h"

namespace ekiden::pop3d {

struct FrontOptions {
    std::string host;    // myhostname
    std::string banner;  // after +OK
    bool tls_at_once = false;
    bool tls_auth_only = false;
    bool apop = true;
    net::NetworkList plaintext_clients;  // may log in without TLS all the same
    net::NetworkList uncounted_clients;  // exempt from the limits per client
    Milliseconds login_time{};           // until login, the whole dialogue
    unsigned bad_commands = 0;
    unsigned bad_logins = 0;
    unsigned connections_per_client = 0;  // 0: no limit

    static Result<FrontOptions> from(const Settings& settings);
};

}  // namespace ekiden::pop3d
