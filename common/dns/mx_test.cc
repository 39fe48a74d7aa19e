#include "common/dns/mx.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ekiden::dns {
namespace {

bool nobody(std::string_view) { return false; }
bool is_ours(std::string_view name) { return name == "ours.example"; }
std::uint32_t last(std::uint32_t below) { return below - 1; }  // leaves the order as it is

TEST(MailHosts, ByPreference) {
    std::vector<MxRecord> records{{20, "b.example"}, {10, "A.example"}, {20, "c.example"}};
    MailHosts hosts = order_mail_hosts(records, nobody, last);
    EXPECT_EQ(hosts.kind, MailHosts::Kind::listed);
    std::vector<MailHostGroup> wanted{{10, {"a.example"}}, {20, {"b.example", "c.example"}}};
    EXPECT_EQ(hosts.groups, wanted);
}

TEST(MailHosts, EqualsAreDrawnByLot) {
    std::vector<MxRecord> records{{10, "a.example"}, {10, "b.example"}, {10, "c.example"}};
    std::mt19937 engine(1);
    auto lot = [&](std::uint32_t below) {
        return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(engine);
    };
    std::map<std::string, int> first;
    for (int i = 0; i < 3000; ++i) ++first[order_mail_hosts(records, nobody, lot).groups.at(0).hosts.at(0)];
    ASSERT_EQ(first.size(), 3U);
    for (const auto& [name, count] : first) EXPECT_NEAR(count, 1000, 150) << name;
}

TEST(MailHosts, NullMx) {
    std::vector<MxRecord> null{{0, ""}};
    EXPECT_EQ(order_mail_hosts(null, nobody, last).kind, MailHosts::Kind::null_mx);
    // RFC 7505 §3: beside other records it means nothing.
    std::vector<MxRecord> mixed{{0, ""}, {10, "a.example"}};
    EXPECT_EQ(order_mail_hosts(mixed, nobody, last).kind, MailHosts::Kind::listed);
}

TEST(MailHosts, CutAtOurselves) {
    std::vector<MxRecord> records{
        {10, "a.example"}, {20, "ours.example"}, {20, "b.example"}, {30, "c.example"}};
    MailHosts hosts = order_mail_hosts(records, is_ours, last);
    std::vector<MailHostGroup> wanted{{10, {"a.example"}}};
    EXPECT_EQ(hosts.groups, wanted);
}

TEST(MailHosts, BestIsOurselves) {
    std::vector<MxRecord> records{{10, "OURS.example"}, {20, "b.example"}};
    EXPECT_EQ(order_mail_hosts(records, is_ours, last).kind, MailHosts::Kind::loops_back);
}

TEST(MailHosts, ImpossibleHostsAreLeftOut) {
    std::vector<MxRecord> records{{10, "10.0.0.1"}, {5, "a b"}};
    EXPECT_EQ(order_mail_hosts(records, nobody, last).kind, MailHosts::Kind::unusable);
    records.push_back({30, "real.example"});
    records.push_back({40, "real.example"});
    MailHosts hosts = order_mail_hosts(records, nobody, last);
    std::vector<MailHostGroup> wanted{{30, {"real.example"}}};
    EXPECT_EQ(hosts.groups, wanted);
}

TEST(MailTargets, FamiliesByTurns) {
    auto target = [](std::string_view address) { return MailTarget{"mx", *net::IpAddress::parse(address)}; };
    std::vector<MailTarget> all{target("192.0.2.1"), target("192.0.2.2"), target("2001:db8::1"),
                                target("192.0.2.3")};
    auto order = [&](AddressPreference preference, std::size_t limit) {
        std::string text;
        for (const MailTarget& next : order_targets(all, preference, limit, last))
            text += next.address.print() + " ";
        return text;
    };
    EXPECT_EQ(order(AddressPreference::any, 9), "192.0.2.1 2001:db8::1 192.0.2.2 192.0.2.3 ");
    EXPECT_EQ(order(AddressPreference::ipv6, 9), "2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3 ");
    EXPECT_EQ(order(AddressPreference::ipv4, 2), "192.0.2.1 2001:db8::1 ");
    EXPECT_EQ(order(AddressPreference::any, 0), "");
}

}  // namespace
}  // namespace ekiden::dns
