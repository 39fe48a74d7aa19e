#include "queue/relay/route.h"

#include <gtest/gtest.h>

#include "common/dns/fake_resolver_test.h"

namespace ekiden::relay {
namespace {

class RouteTest : public testing::Test {
  protected:
    RouteTest() {
        policy.own_name = "ours.example";
        policy.own_addresses = {*net::IpAddress::parse("192.0.2.99")};
    }
    // The groups of targets in order, "mx1[192.0.2.1] | mx2[…]"; or the failure's status and text.
    std::string all(std::string_view next_hop) {
        Route route(resolver, policy, last, *parse_next_hop(next_hop, 25));
        std::string text;
        for (;;) {
            Route::Group group = loop.run(route.next());
            if (!group) return text + group.error().dsn + " " + group.error().text;
            if (group->empty()) return text;
            for (const dns::MailTarget& target : *group) text += print(target) + " ";
            text += "| ";
        }
    }
    event::Loop loop;
    dns::FakeResolver resolver;
    Policy policy;
    dns::RandomBelow last = [](std::uint32_t below) { return below - 1; };
};

TEST_F(RouteTest, ByPreferenceWithAddressesOfEach) {
    resolver.mx("example.jp", 20, "b.example.jp");
    resolver.mx("example.jp", 10, "a.example.jp");
    resolver.address("a.example.jp", "192.0.2.1");
    resolver.address("a.example.jp", "192.0.2.2");
    resolver.address("b.example.jp", "2001:db8::1");
    EXPECT_EQ(all("example.jp"),
              "a.example.jp[192.0.2.1] a.example.jp[192.0.2.2] | b.example.jp[2001:db8::1] | ");
}

TEST_F(RouteTest, AddressesAreLookedUpWhenTheyAreNeeded) {
    resolver.mx("example.jp", 10, "a.example.jp");
    resolver.mx("example.jp", 20, "b.example.jp");
    resolver.address("a.example.jp", "192.0.2.1");
    Route route(resolver, policy, last, *parse_next_hop("example.jp", 25));
    ASSERT_TRUE(loop.run(route.next()));
    EXPECT_EQ(resolver.questions, 3) << "MX, A and AAAA of the best host";
}

TEST_F(RouteTest, WithoutMxTheDomainIsTheHost) {
    resolver.address("example.jp", "192.0.2.1");
    EXPECT_EQ(all("example.jp"), "example.jp[192.0.2.1] | ");
}

TEST_F(RouteTest, BracketsAndLiterals) {
    resolver.mx("host.example", 10, "elsewhere.example");
    resolver.address("host.example", "192.0.2.1");
    EXPECT_EQ(all("[host.example]"), "host.example[192.0.2.1] | ");
    EXPECT_EQ(all("[192.0.2.7]:2525"), "192.0.2.7[192.0.2.7] | ");
    EXPECT_EQ(all("[::1]"), "::1[::1] | ");
}

TEST_F(RouteTest, DomainsThatTakeNoMail) {
    resolver.mx("null.example", 0, "");
    EXPECT_EQ(all("null.example"), "5.1.10 556 5.1.10 Domain null.example does not accept mail (nullMX)");
    EXPECT_EQ(all("gone.example"),
              "5.4.4 Host or domain name not found. Name service error for name=gone.example type=A: Host "
              "not found");
    resolver.mx("broken.example", 10, "nowhere.example");
    EXPECT_EQ(all("broken.example"),
              "5.4.4 Host or domain name not found. Name service error for name=nowhere.example type=A: Host "
              "not found");
}

TEST_F(RouteTest, DnsThatDoesNotAnswerIsTriedAgain) {
    resolver.fail("example.jp", dns::Type::mx);
    EXPECT_EQ(all("example.jp"),
              "4.4.3 Host or domain name not found. Name service error for name=example.jp type=MX: Host not "
              "found, "
              "try again");
    resolver.mx("half.example", 10, "a.example");
    resolver.mx("half.example", 20, "b.example");
    resolver.fail("a.example", dns::Type::a);
    EXPECT_EQ(all("half.example").substr(0, 5), "4.4.3")
        << "b.example may have no address, but a.example may";
}

TEST_F(RouteTest, MailThatWouldComeBack) {
    resolver.mx("by.name", 10, "OURS.example");
    resolver.mx("by.name", 20, "b.example");
    EXPECT_EQ(all("by.name"), "5.4.6 mail for by.name loops back to myself");
    resolver.mx("by.address", 10, "alias.example");
    resolver.address("alias.example", "192.0.2.99");
    EXPECT_EQ(all("by.address"), "5.4.6 mail for by.address loops back to myself");
    EXPECT_EQ(all("[192.0.2.99]"), "5.4.6 mail for 192.0.2.99 loops back to myself");
    EXPECT_EQ(all("[192.0.2.99]:10025"), "192.0.2.99[192.0.2.99] | ") << "somebody else listens there";
    resolver.mx("backup", 10, "a.example");
    resolver.mx("backup", 20, "alias.example");
    resolver.mx("backup", 30, "c.example");
    resolver.address("a.example", "192.0.2.1");
    resolver.address("c.example", "192.0.2.3");
    EXPECT_EQ(all("backup"), "a.example[192.0.2.1] | ");
}

TEST_F(RouteTest, FamiliesInUse) {
    resolver.address("example.jp", "192.0.2.1");
    resolver.address("example.jp", "2001:db8::1");
    policy.ipv6 = false;
    EXPECT_EQ(all("example.jp"), "example.jp[192.0.2.1] | ");
    policy.ipv6 = true;
    policy.preference = dns::AddressPreference::ipv6;
    EXPECT_EQ(all("example.jp"), "example.jp[2001:db8::1] example.jp[192.0.2.1] | ");
}

}  // namespace
}  // namespace ekiden::relay
