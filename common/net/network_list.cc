#include "common/net/network_list.h"

#include <fmt/format.h>

namespace ekiden::net {

Result<NetworkList> NetworkList::parse(const List& items) {
    NetworkList list;
    for (std::string_view item : items) {
        bool negated = item.starts_with('!');
        Result<Network> network = Network::parse(negated ? item.substr(1) : item);
        if (!network)
            return malformed(
                fmt::format("{}: write an address or network like 192.0.2.0/24 or [2001:db8::]/32",
                            network.error().text));
        list.elements_.push_back({*network, negated});
    }
    return list;
}

bool NetworkList::contains(const IpAddress& address) const {
    for (const Element& element : elements_)
        if (element.network.contains(address)) return !element.negated;
    return false;
}

}  // namespace ekiden::net
