#pragma once
// Which name servers are asked: dns_nameservers, else those of /etc/resolv.conf. Pure: the resolver reads the
// file before it is confined; the check of a configuration asks the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::dns {

// Servers past this are ignored; libunbound chooses among them by speed.
inline constexpr std::size_t nameserver_limit = 16;

// The "nameserver" lines of a resolv.conf(5), as "address"; lines that hold no address are left out.
std::vector<std::string> nameservers_of(std::string_view resolv_conf);

// "192.0.2.1", "192.0.2.1@53", "[2001:db8::1]:53" or "2001:db8::1@53" as libunbound wants it: "address@port".
// malformed when it is no address or no port.
Result<std::string> nameserver(std::string_view text, std::uint16_t default_port);

// What dns_nameservers and dns_port say, as libunbound wants it; those of `resolv_conf` where it is empty,
// none where it says "root". Errors name the parameter.
Result<std::vector<std::string>> nameservers_of(const Settings& settings, std::string_view resolv_conf);

}  // namespace ekiden::dns
