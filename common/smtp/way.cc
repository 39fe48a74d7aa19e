#include "common/smtp/way.h"

#include <algorithm>

#include "common/config/bad_parameter.h"
#include "common/smtp/next_hop.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

using ipc::Transport;

struct NamedTransport {
    std::string_view name;
    Transport transport;
};
constexpr NamedTransport transports[] = {{"virtual", Transport::virtual_mailbox},
                                         {"local", Transport::local},
                                         {"smtp", Transport::smtp},
                                         {"relay", Transport::smtp},
                                         {"lmtp", Transport::lmtp},
                                         {"discard", Transport::discard},
                                         {"error", Transport::error},
                                         {"retry", Transport::retry}};

}  // namespace

std::pair<std::string, std::string> split_way(std::string_view text) {
    std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {std::string(text::trim(text)), ""};
    return {std::string(text::trim(text.substr(0, colon))), std::string(text::trim(text.substr(colon + 1)))};
}

namespace {

// LMTP goes to a host, never by MX, and to port 24 where none is named; "inet:" may stand before it.
Result<std::string> lmtp_hop(std::string_view text) {
    if (text.starts_with("unix:"))
        return malformed(
            "LMTP over a unix: socket is not possible: let the server listen on 127.0.0.1, port 24");
    if (text.starts_with("inet:")) text.remove_prefix(5);
    std::string hop(text);
    std::size_t colon = hop.find(':');
    if (!hop.starts_with('[')) {
        std::size_t end = std::min(colon, hop.size());
        hop = "[" + hop.substr(0, end) + "]" + hop.substr(end);
    }
    if (hop.ends_with(']')) hop += ":24";
    return hop;
}

}  // namespace

Result<Way> make_way(std::string_view transport, std::string_view next_hop) {
    const auto* row = std::ranges::find(transports, transport, &NamedTransport::name);
    if (row == std::end(transports))
        return malformed("unknown mail transport: " + text::printable(transport, 60));
    bool to_host = row->transport == Transport::smtp || row->transport == Transport::lmtp;
    Way way{row->transport, std::string(next_hop)};
    if (!to_host || next_hop.empty()) return way;
    if (row->transport == Transport::lmtp) {
        Result<std::string> hop = lmtp_hop(next_hop);
        if (!hop) return pass(hop);
        way.next_hop = std::move(*hop);
    }
    if (Result<NextHop> hop = parse_next_hop(way.next_hop, 25); !hop) return malformed(hop.error().text);
    return way;
}

namespace {

// The same with what to write instead.
Result<> check_way(std::string_view transport, std::string_view next_hop) {
    if (!make_way(transport, "")) {
        std::string names;
        for (const NamedTransport& row : transports) (names += names.empty() ? "" : ", ") += row.name;
        return malformed(make_way(transport, "").error().text + " (one of " + names + ")");
    }
    if (Result<Way> way = make_way(transport, next_hop); !way)
        return malformed(way.error().text +
                         " (write a domain, [host] or [address], with :port where needed)");
    return {};
}

}  // namespace

Result<> check_ways(const Settings& settings) {
    for (const Param<std::string>* parameter : {&param::local_transport, &param::virtual_transport,
                                                &param::relay_transport, &param::default_transport}) {
        auto [transport, next_hop] = split_way(settings[*parameter]);
        if (Result<> good = check_way(transport, next_hop); !good)
            return config::bad_parameter(parameter->name, good.error());
    }
    for (const Param<std::string>* parameter : {&param::mailbox_transport, &param::fallback_transport}) {
        if (settings[*parameter].empty()) continue;
        if (Result<> good = check_mailbox_entry(settings[*parameter]); !good)
            return config::bad_parameter(parameter->name, good.error());
    }
    if (Result<> good = check_way("smtp", text::trim(settings[param::relayhost])); !good)
        return config::bad_parameter("relayhost", good.error());
    return {};
}

Result<> check_mailbox_entry(std::string_view value) {
    auto [transport, next_hop] = split_way(value);
    if (transport == "local") return malformed("local cannot hand what it does not deliver to itself");
    return check_way(transport, next_hop);
}

Result<> check_transport_entry(std::string_view value) {
    auto [transport, next_hop] = split_way(value);
    // Without a transport the next hop of the address class's own is replaced (transport(5)).
    return check_way(transport.empty() ? "smtp" : transport, next_hop);
}

}  // namespace ekiden::smtp
