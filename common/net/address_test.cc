#include "common/net/address.h"

#include <gtest/gtest.h>

namespace ekiden::net {
namespace {

TEST(IpAddress, ParsesAndPrints) {
    for (std::string_view text : {"192.0.2.1", "2001:db8::1", "::1", "127.0.0.1"})
        EXPECT_EQ(IpAddress::parse(text).value().print(), text);
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1").value().print(), "192.0.2.1");
    for (std::string_view bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "fe80::1%eth0", "host"})
        EXPECT_FALSE(IpAddress::parse(bad)) << bad;
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->reverse_name(), "1.2.0.192.in-addr.arpa");
    EXPECT_TRUE(IpAddress::parse("2001:db8::1")->reverse_name().starts_with("1.0.0.0.0.0"));
    EXPECT_TRUE(IpAddress::parse("2001:db8::1")->reverse_name().ends_with("8.b.d.0.1.0.0.2.ip6.arpa"));
    EXPECT_EQ(IpAddress::parse("2001:db8::1")->literal(), "[IPv6:2001:db8::1]");
}

TEST(Network, Contains) {
    Network net = Network::parse("192.0.2.128/25").value();
    EXPECT_TRUE(net.contains(IpAddress::parse("192.0.2.200").value()));
    EXPECT_FALSE(net.contains(IpAddress::parse("192.0.2.127").value()));
    EXPECT_FALSE(Network::parse("192.0.2.1/24"));
    EXPECT_FALSE(Network::parse("192.0.2.0/33"));
    EXPECT_TRUE(Network::parse("[2001:db8::]/32")->contains(IpAddress::parse("2001:db8:1::9").value()));
    EXPECT_TRUE(Network::parse("0.0.0.0/0")->contains(IpAddress::parse("8.8.8.8").value()));
    EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(IpAddress::parse("::1").value()));
}

TEST(Endpoint, ThroughTheKernelsForm) {
    for (std::string_view text : {"127.0.0.1:25", "[::1]:587"}) {
        Endpoint endpoint = Endpoint::parse(text).value();
        sockaddr_storage raw;
        to_sockaddr(endpoint, raw);
        EXPECT_EQ(from_sockaddr(raw).value().print(), text);
    }
}

}  // namespace
}  // namespace ekiden::net
