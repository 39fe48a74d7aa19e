#pragma once
// Which hosts take mail for a domain, and in which order they are tried (RFC 5321 §5.1): the pure part,
// without look-ups. The relay asks for the addresses of one group at a time, so that hosts that are never
// needed cost nothing.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/dns/answer.h"
#include "common/net/address.h"

namespace ekiden::dns {

// A number below its argument, all equally likely; injected so that tests know the order.
using RandomBelow = std::function<std::uint32_t(std::uint32_t)>;

// Hosts of one preference; their order inside has been drawn by lot.
struct MailHostGroup {
    std::uint16_t preference = 0;
    std::vector<std::string> hosts;
    bool operator==(const MailHostGroup&) const = default;
};

struct MailHosts {
    enum class Kind {
        listed,      // `groups` holds the hosts, best first
        null_mx,     // the domain takes no mail (RFC 7505): permanent, 5.1.10
        loops_back,  // we are the best of the domain's hosts, or the only one left: 5.4.6
        unusable,    // there are MX records, but none names a possible host: permanent, 5.4.4
    };
    Kind kind = Kind::unusable;
    std::vector<MailHostGroup> groups;
};

// Orders the MX records. Where one of the hosts is ourselves (`is_self`, by name), it and all of the same or
// a worse preference are left out (RFC 5321 §5.1). A null MX beside others is ignored, as are names no host
// can have.
MailHosts order_mail_hosts(std::span<const MxRecord> records,
                           const std::function<bool(std::string_view)>& is_self,
                           const RandomBelow& random_below);

// The MX records of an answer; those that do not parse are left out.
std::vector<MxRecord> mx_records(const Answer& answer);

// One address of a mail host, to be connected to.
struct MailTarget {
    std::string host;
    net::IpAddress address;
    bool operator==(const MailTarget&) const = default;
};

enum class AddressPreference : std::uint8_t { any, ipv4, ipv6 };  // smtp_address_preference

// The order in which the addresses of equally good hosts are tried: drawn by lot, then the families by turns,
// so that a family that does not work here costs one try and not all (any: the first family is drawn too). At
// most `limit`.
std::vector<MailTarget> order_targets(std::vector<MailTarget> targets, AddressPreference preference,
                                      std::size_t limit, const RandomBelow& random_below);

// The addresses of an A or AAAA answer; those that do not parse are left out.
std::vector<net::IpAddress> addresses(const Answer& answer);

// Shuffles in place (Fisher and Yates).
template <class T>
void shuffle(std::vector<T>& items, const RandomBelow& random_below) {
    for (std::size_t left = items.size(); left > 1; --left) {
        const std::size_t chosen = random_below(static_cast<std::uint32_t>(left));
        std::swap(items[left - 1], items[chosen]);
    }
}

}  // namespace ekiden::dns
