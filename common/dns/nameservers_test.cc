#include "common/dns/nameservers.h"

#include <gtest/gtest.h>

namespace ekiden::dns {
namespace {

TEST(Nameservers, ResolvConf) {
    std::vector<std::string> servers = nameservers_of(
        "# comment\nsearch example.jp\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 \r\n"
        "nameserver ns.example.jp\nnameserver fe80::1%eth0\noptions edns0\nnameserver 192.0.2.2");
    std::vector<std::string> wanted{"192.0.2.1", "2001:db8::1", "fe80::1%eth0", "192.0.2.2"};
    EXPECT_EQ(servers, wanted);
    EXPECT_TRUE(nameservers_of("").empty());
}

TEST(Nameservers, Forms) {
    EXPECT_EQ(*nameserver("192.0.2.1", 53), "192.0.2.1@53");
    EXPECT_EQ(*nameserver("192.0.2.1@5353", 53), "192.0.2.1@5353");
    EXPECT_EQ(*nameserver("192.0.2.1:5353", 53), "192.0.2.1@5353");
    EXPECT_EQ(*nameserver("::1", 53), "::1@53");
    EXPECT_EQ(*nameserver("::1@54", 53), "::1@54");
    EXPECT_EQ(*nameserver("[::1]:54", 53), "::1@54");
    for (std::string_view bad :
         {"", "ns.example", "192.0.2.1@", "192.0.2.1@0", "192.0.2.1@70000", "[::1", "192.0.2.1:x"})
        EXPECT_FALSE(nameserver(bad, 53)) << bad;
}

}  // namespace
}  // namespace ekiden::dns
