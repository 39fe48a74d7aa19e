#pragma once
// Ways of mail as transport(5) writes them: "transport:nexthop". The router reads what parameters and tables
// say, and the check of a configuration reads it in the same way.
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/config/settings.h"
#include "common/ipc/messages/router.h"

namespace ekiden::smtp {

struct Way {
    ipc::Transport transport;
    // Of smtp a domain or [host], of lmtp [host]:port, empty: the recipient's domain. Of error and retry the
    // text.
    std::string next_hop;
    bool operator==(const Way&) const = default;
};

// The two parts as they stand; either may be empty.
std::pair<std::string, std::string> split_way(std::string_view text);

// Malformed: there is no such transport, or it cannot take mail to such a next hop.
Result<Way> make_way(std::string_view transport, std::string_view next_hop);

// local_transport, virtual_transport, relay_transport, default_transport, mailbox_transport,
// fallback_transport and relayhost. Errors name the parameter.
Result<> check_ways(const Settings& settings);
// A value of transport_maps: nothing where it can be used.
Result<> check_transport_entry(std::string_view value);
// The same of mailbox_transport_maps and fallback_transport_maps.
Result<> check_mailbox_entry(std::string_view value);

}  // namespace ekiden::smtp
