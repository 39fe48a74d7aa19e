#pragma once
// Where a delivery goes, as the router writes it: "example.jp" (its MX hosts), "[mx.example.jp]" or
// "[192.0.2.1]" (that host, no MX look-up), each also with ":port" (transport(5), postconf(5) relayhost).
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::smtp {

struct NextHop {
    std::string host;        // lower case, without brackets; an IPv6 address without "IPv6:"
    std::uint16_t port = 0;  // the one written, or the default
    bool look_up_mx = true;  // false in brackets
    bool operator==(const NextHop&) const = default;
};

// permanent: what stands there cannot be a host, or the port is not a number of 1..65535 ("smtp",
// "submission" and "submissions" (also "smtps") stand for their ports).
Result<NextHop> parse_next_hop(std::string_view text, std::uint16_t default_port);

}  // namespace ekiden::smtp
