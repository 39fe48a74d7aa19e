#include "common/dns/client.h"

#include <gtest/gtest.h>

#include "common/dns/fake_resolver_test.h"

namespace ekiden::dns {
namespace {

class ClientNameTest : public testing::Test {
  protected:
    ClientName confirm(std::string_view address) {
        return loop.run(confirm_client_name(resolver, *net::IpAddress::parse(address)));
    }
    event::Loop loop;
    FakeResolver resolver;
};

TEST_F(ClientNameTest, ConfirmedWhenItLeadsBack) {
    resolver.ptr("192.0.2.1", "host.example");
    resolver.address("host.example", "192.0.2.7");
    resolver.address("host.example", "192.0.2.1");
    ClientName name = confirm("192.0.2.1");
    EXPECT_EQ(name.kind, ClientName::Kind::confirmed);
    EXPECT_EQ(name.name, "host.example");
}

TEST_F(ClientNameTest, ForgedNamesAreUnknown) {
    resolver.ptr("2001:db8::1", "bank.example");
    resolver.address("bank.example", "2001:db8::2");
    ClientName name = confirm("2001:db8::1");
    EXPECT_EQ(name.kind, ClientName::Kind::unconfirmed);
    EXPECT_EQ(name.name, "unknown");
    EXPECT_EQ(name.ptr, "bank.example");
}

TEST_F(ClientNameTest, WithoutNameOrAnswer) {
    EXPECT_EQ(confirm("192.0.2.9").kind, ClientName::Kind::none);
    resolver.fail("1.2.0.192.in-addr.arpa", Type::ptr);
    EXPECT_EQ(confirm("192.0.2.1").kind, ClientName::Kind::unsure);
    resolver.ptr("192.0.2.2", "host.example");
    resolver.fail("host.example", Type::a);
    EXPECT_EQ(confirm("192.0.2.2").kind, ClientName::Kind::unsure);
}

TEST_F(ClientNameTest, ManyNamesCostBoundedWork) {
    for (int i = 0; i < 50; ++i) resolver.ptr("192.0.2.1", fmt::format("h{}.example", i));
    EXPECT_EQ(confirm("192.0.2.1").kind, ClientName::Kind::unconfirmed);
    EXPECT_LE(resolver.questions, 4);
}

TEST_F(ClientNameTest, AddressesOfBothFamilies) {
    resolver.address("mx.example", "192.0.2.1");
    resolver.address("mx.example", "2001:db8::1");
    EXPECT_EQ(loop.run(host_addresses(resolver, "mx.example", true, true))->size(), 2U);
    EXPECT_EQ(loop.run(host_addresses(resolver, "mx.example", true, false))->size(), 1U);
    resolver.fail("mx.example", Type::aaaa);
    EXPECT_EQ(loop.run(host_addresses(resolver, "mx.example", true, true))->size(), 1U);
    EXPECT_FALSE(loop.run(host_addresses(resolver, "mx.example", false, true)));
    EXPECT_TRUE(loop.run(host_addresses(resolver, "nobody.example", true, true))->empty());
}

TEST(DnsMessages, ThereAndBack) {
    for (Type type : {Type::a, Type::ns, Type::cname, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::tlsa})
        EXPECT_EQ(from_message(to_message(type)), type);
    Answer answer;
    answer.existence = Existence::found;
    answer.security = Security::secure;
    answer.canonical_name = "a.example";
    answer.ttl = 7;
    answer.rdata = {"abcd"};
    Result<Answer> back = from_message(to_message(Result<Answer>(answer)));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->rdata, answer.rdata);
    EXPECT_EQ(back->security, Security::secure);
    EXPECT_EQ(back->ttl, 7U);
}

TEST(DnsMessages, BogusAnswersHaveNoRecords) {
    Answer answer;
    answer.existence = Existence::found;
    answer.security = Security::bogus;
    answer.rdata = {"abcd"};
    answer.why = "signature expired";
    ipc::DnsAnswer message = to_message(Result<Answer>(answer));
    EXPECT_TRUE(message.bogus);
    EXPECT_TRUE(message.records.empty());
    Result<Answer> back = from_message(message);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().text, "signature expired");
}

}  // namespace
}  // namespace ekiden::dns
