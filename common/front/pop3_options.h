#pragma once
// What the dialogue of POP3 before login (pop3d/front) needs of the configuration; the check of a
// configuration reads it in the same way.
#include "common/config/settings.h"
#include "common/tables/network_list.h"

namespace ekiden::front {

struct Pop3Options {
    std::string host;    // myhostname
    std::string banner;  // after +OK
    bool tls_at_once = false;
    bool tls_auth_only = false;
    bool apop = true;
    tables::NetworkList plaintext_clients;  // may log in without TLS all the same
    tables::NetworkList uncounted_clients;  // exempt from the limits per client
    Milliseconds login_time{};              // until login, the whole dialogue
    unsigned bad_commands = 0;
    unsigned bad_logins = 0;
    unsigned connections_per_client = 0;  // 0: no limit

    // Errors name the parameter.
    static Result<Pop3Options> from(const Settings& settings, const tables::Source& source = {});
};

}  // namespace ekiden::front
