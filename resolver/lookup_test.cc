#include "resolver/lookup.h"

#include <gtest/gtest.h>

#include "common/dns/mx.h"
#include "common/event/gate.h"
#include "resolver/name_server_test.h"

namespace ekiden::resolver {
namespace {

using namespace std::string_literals;
using dns::Existence;
using dns::Type;

class LookupTest : public testing::Test {
  protected:
    LookupTest() {
        server.add("example.jp", Type::mx, "\0\x0a\2mx\7example\2jp\0"s);
        server.add("example.jp", Type::txt, "\6v=spf1"s);
        server.add("mx.example.jp", Type::a, "\x7f\0\0\2"s);
        server.add("www.example.jp", Type::cname, "\2mx\7example\2jp\0"s);
        server.add("2.0.0.127.in-addr.arpa", Type::ptr, "\2mx\7example\2jp\0"s);
    }
    std::unique_ptr<Lookup> open(std::size_t limit = 100, Seconds timeout = Seconds(10)) {
        Options options;
        options.nameservers = {server.address()};
        options.query_limit = limit;
        options.timeout = timeout;
        auto lookup = Lookup::open(loop, options);
        EXPECT_TRUE(lookup) << lookup.error().text;
        return std::move(*lookup);
    }
    event::Loop loop;
    NameServer server{loop};
};

TEST_F(LookupTest, AnswersFromTheServerAndThenFromTheCache) {
    auto lookup = open();
    auto answer = loop.run(lookup->ask({"Example.JP.", Type::mx}));
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->existence, Existence::found);
    EXPECT_EQ(answer->security, dns::Security::insecure);
    EXPECT_EQ(answer->canonical_name, "example.jp");
    ASSERT_EQ(answer->rdata.size(), 1U);
    EXPECT_EQ(*dns::parse_mx(answer->rdata[0]), (dns::MxRecord{10, "mx.example.jp"}));
    const int asked = server.questions;
    auto again = loop.run(lookup->ask({"example.jp", Type::mx}));
    EXPECT_EQ(again->rdata, answer->rdata);
    EXPECT_EQ(server.questions, asked);
    EXPECT_EQ(lookup->under_way(), 0U);
}

TEST_F(LookupTest, FollowsAnAlias) {
    auto lookup = open();
    auto answer = loop.run(lookup->ask({"www.example.jp", Type::a}));
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->canonical_name, "mx.example.jp");
    EXPECT_EQ(answer->rdata, std::vector{"\x7f\0\0\2"s});
}

TEST_F(LookupTest, LoopbackAddressesHaveNamesWhereTheServerSaysSo) {
    auto lookup = open();
    auto answer = loop.run(lookup->ask({"2.0.0.127.in-addr.arpa", Type::ptr}));
    ASSERT_TRUE(answer) << answer.error().text;
    ASSERT_EQ(answer->rdata.size(), 1U);
    EXPECT_EQ(*dns::parse_name(answer->rdata[0]), "mx.example.jp");
}

TEST_F(LookupTest, NothingThere) {
    auto lookup = open();
    EXPECT_EQ(loop.run(lookup->ask({"mx.example.jp", Type::mx}))->existence, Existence::no_data);
    EXPECT_EQ(loop.run(lookup->ask({"nobody.example.jp", Type::a}))->existence, Existence::no_name);
}

TEST_F(LookupTest, AFailingServerIsATemporaryError) {
    auto lookup = open();
    server.rcode = 2;
    auto answer = loop.run(lookup->ask({"example.jp", Type::txt}));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().temporary());
    EXPECT_EQ(lookup->counts().failed, 1U);
}

TEST_F(LookupTest, ASilentServerEndsInTime) {
    auto lookup = open(100, Seconds(0));
    server.silent = true;
    auto answer = loop.run(lookup->ask({"example.jp", Type::a}));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().temporary());
    EXPECT_EQ(lookup->under_way(), 1U) << "libunbound still works on it";
}

TEST_F(LookupTest, QuestionsUnderWayAreBounded) {
    auto lookup = open(1, Seconds(0));
    server.silent = true;
    (void)loop.run(lookup->ask({"a.example", Type::a}));
    auto refused = loop.run(lookup->ask({"b.example", Type::a}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "too many DNS questions under way");
}

TEST_F(LookupTest, AnImpossibleNameIsNotAsked) {
    auto lookup = open();
    EXPECT_FALSE(loop.run(lookup->ask({"a..b", Type::a})));
    EXPECT_FALSE(loop.run(lookup->ask({std::string(64, 'x'), Type::a})));
    EXPECT_EQ(server.questions, 0);
}

TEST_F(LookupTest, AnAskerMayGoBeforeTheAnswer) {
    auto lookup = open();
    {
        event::Gate gate(loop);
        server.silent = true;
        Task<Result<dns::Answer>> task = lookup->ask({"example.jp", Type::a});
        task.start();
        EXPECT_FALSE(task.done());
    }
    EXPECT_EQ(lookup->under_way(), 1U);
    lookup.reset();
}

TEST(LookupOptions, BadOnesAreNamed) {
    event::Loop loop;
    Options options;
    options.nameservers = {"not an address"};
    auto lookup = Lookup::open(loop, options);
    ASSERT_FALSE(lookup);
    EXPECT_NE(lookup.error().text.find("name server not an address"), std::string::npos);
}

TEST(LookupOptions, TrustAnchorFile) {
    std::vector<std::string> anchors =
        trust_anchors_of("; root\n. IN DS 20326 8 2 E06D  ; KSK\n\n. IN DS 1 8 2 AB");
    std::vector<std::string> wanted{". IN DS 20326 8 2 E06D", ". IN DS 1 8 2 AB"};
    EXPECT_EQ(anchors, wanted);
}

}  // namespace
}  // namespace ekiden::resolver
