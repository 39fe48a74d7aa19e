#pragma once
// IP addresses, ports and networks, IPv4 and IPv6. An IPv4 address mapped into IPv6 is treated as the IPv4
// address.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::net {

class IpAddress {
  public:
    // "192.0.2.1", "2001:db8::1", also "[2001:db8::1]"; no names, no zones.
    static Result<IpAddress> parse(std::string_view text);
    static IpAddress from_octets(
        std::string_view octets);  // 4 or 16 octets in network order, as in A and AAAA records

    bool v6() const { return v6_; }
    bool loopback() const;
    // "192.0.2.1", "2001:db8::1"
    std::string print() const;
    // RFC 5321 §4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]"
    std::string literal() const;
    // The name to ask PTR for: "1.2.0.192.in-addr.arpa"
    std::string reverse_name() const;
    // The first `bits` bits kept, the others 0.
    IpAddress masked(unsigned bits) const;
    // 4 or 16 octets in network order.
    std::string_view octets() const {
        return {reinterpret_cast<const char*>(octets_.data()), v6_ ? 16u : 4u};
    }
    auto operator<=>(const IpAddress&) const = default;

  private:
    bool v6_ = false;
    std::array<std::uint8_t, 16> octets_{};
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    // "192.0.2.1:25", "[2001:db8::1]:25"
    static Result<Endpoint> parse(std::string_view text);
    std::string print() const;
    auto operator<=>(const Endpoint&) const = default;
};

// What the kernel's calls want, and back. from_sockaddr fails for families other than IP.
socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out);
Result<Endpoint> from_sockaddr(const sockaddr_storage& in);

// "192.0.2.0/24", "[2001:db8::]/32", "192.0.2.1": addresses with the same first bits.
class Network {
  public:
    static Result<Network> parse(std::string_view text);
    bool contains(const IpAddress& address) const;
    std::string print() const;

  private:
    IpAddress base_;
    unsigned bits_ = 0;
};

// Does any of them contain the address?
bool contains(const std::vector<Network>& networks, const IpAddress& address);

}  // namespace ekiden::net
