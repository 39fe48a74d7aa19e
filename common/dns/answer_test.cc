#include "common/dns/answer.h"

#include <gtest/gtest.h>

#include "common/dns/name.h"
#include "common/dns/tlsa.h"
#include "common/dns/wire_reader.h"

namespace ekiden::dns {
namespace {

using namespace std::string_literals;

std::string u16(unsigned value) { return {static_cast<char>(value >> 8U), static_cast<char>(value & 255U)}; }

// A message's header and question; the name of the question stands at offset 12.
std::string head(const std::string& name, Type type, unsigned answers, unsigned flags = 0x8180) {
    return u16(0x1234) + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(0) + *name_to_wire(name) +
           u16(static_cast<unsigned>(type)) + u16(1);
}

std::string record(const std::string& wire_owner, Type type, const std::string& rdata, unsigned ttl = 300) {
    return wire_owner + u16(static_cast<unsigned>(type)) + u16(1) + u16(0) + u16(ttl) +
           u16(static_cast<unsigned>(rdata.size())) + rdata;
}

const std::string question_name = "\xc0\x0c"s;

TEST(DnsAnswer, MxWithCompressedExchange) {
    std::string message = head("example.jp", Type::mx, 2) +
                          record(question_name, Type::mx, u16(10) + "\2mx\xc0\x0c"s, 60) +
                          record(question_name, Type::mx, u16(20) + "\6BACKUP\xc0\x0c"s);
    Result<Answer> answer = parse_message(message, {"example.jp", Type::mx});
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->existence, Existence::found);
    EXPECT_EQ(answer->ttl, 60U);
    ASSERT_EQ(answer->rdata.size(), 2U);
    EXPECT_EQ(*parse_mx(answer->rdata[0]), (MxRecord{10, "mx.example.jp"}));
    EXPECT_EQ(*parse_mx(answer->rdata[1]), (MxRecord{20, "backup.example.jp"}));
}

TEST(DnsAnswer, FollowsAliases) {
    std::string message = head("www.example.jp", Type::a, 2) +
                          record(question_name, Type::cname, "\4Host\xc0\x10"s, 30) +
                          record(*name_to_wire("host.example.jp"), Type::a, "\300\0\2\1"s) +
                          record(*name_to_wire("other.example.jp"), Type::a, "\300\0\2\2"s);
    message[7] = 3;
    Result<Answer> answer = parse_message(message, {"www.example.jp", Type::a});
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->canonical_name, "host.example.jp");
    EXPECT_EQ(answer->ttl, 30U);
    ASSERT_EQ(answer->rdata.size(), 1U);
    EXPECT_EQ(*parse_a(answer->rdata[0]), (std::array<std::uint8_t, 4>{192, 0, 2, 1}));
}

TEST(DnsAnswer, AliasesInACircleEnd) {
    std::string message = head("a.example", Type::a, 2) +
                          record(question_name, Type::cname, *name_to_wire("b.example")) +
                          record(*name_to_wire("b.example"), Type::cname, *name_to_wire("a.example"));
    EXPECT_FALSE(parse_message(message, {"a.example", Type::a}));
}

TEST(DnsAnswer, NothingThere) {
    EXPECT_EQ(parse_message(head("a.example", Type::a, 0), {"a.example", Type::a})->existence,
              Existence::no_data);
    EXPECT_EQ(parse_message(head("a.example", Type::a, 0, 0x8183), {"a.example", Type::a})->existence,
              Existence::no_name);
    Result<Answer> failed = parse_message(head("a.example", Type::a, 0, 0x8182), {"a.example", Type::a});
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().temporary());
}

TEST(DnsAnswer, ADifferentQuestionIsNoAnswer) {
    EXPECT_FALSE(parse_message(head("a.example", Type::a, 0), {"b.example", Type::a}));
    EXPECT_FALSE(parse_message(head("a.example", Type::a, 0), {"a.example", Type::mx}));
    EXPECT_FALSE(parse_message(head("a.example", Type::a, 0, 0x0100), {"a.example", Type::a}));
}

TEST(DnsAnswer, EveryTruncationIsRefusedOrHarmless) {
    std::string message = head("example.jp", Type::mx, 2) +
                          record(question_name, Type::mx, u16(10) + "\2mx\xc0\x0c"s) +
                          record(question_name, Type::mx, u16(20) + "\2my\xc0\x0c"s);
    for (std::size_t length = 0; length < message.size(); ++length)
        EXPECT_FALSE(parse_message(message.substr(0, length), {"example.jp", Type::mx})) << length;
}

TEST(DnsAnswer, PointersGoBackwardsOnly) {
    // The name at 12 points at itself; then at what follows it.
    std::string self =
        u16(1) + u16(0x8180) + u16(1) + u16(0) + u16(0) + u16(0) + "\xc0\x0c"s + u16(1) + u16(1);
    EXPECT_FALSE(parse_message(self, {"", Type::a}));
    self[13] = '\x0e';
    EXPECT_FALSE(parse_message(self, {"", Type::a}));
    // A pointer to the label before it makes a name that would grow without end.
    std::string growing = "\1a\xc0\0"s;
    WireReader in(growing);
    EXPECT_EQ(in.name(), "");
    EXPECT_TRUE(in.failed());
}

TEST(DnsAnswer, NameMustEndWhereTheDataEnd) {
    std::string message =
        head("example.jp", Type::mx, 1) + record(question_name, Type::mx, u16(10) + "\2mx\xc0\x0cxx"s);
    EXPECT_FALSE(parse_message(message, {"example.jp", Type::mx}));
}

TEST(DnsAnswer, CountsAreBounded) {
    std::string message = head("example.jp", Type::a, 5000);
    for (int i = 0; i < 5000; ++i) message += record(question_name, Type::a, "\300\0\2\1"s);
    Result<Answer> answer = parse_message(message, {"example.jp", Type::a});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->rdata.size(), records_limit);
}

TEST(DnsAnswer, RecordData) {
    EXPECT_FALSE(parse_a("abc"));
    EXPECT_FALSE(parse_aaaa("abcd"));
    EXPECT_FALSE(parse_mx("\0"s));
    EXPECT_EQ(*parse_mx("\0\0\0"s), (MxRecord{0, ""}));
    EXPECT_EQ(*parse_name("\4mail\0"s), "mail");
    EXPECT_EQ(*parse_txt("\3v=s\2pf"s), "v=spf");
    EXPECT_FALSE(parse_txt("\5v=s"s));
    EXPECT_FALSE(parse_txt(""));
}

TEST(DnsAnswer, Tlsa) {
    Result<TlsaRecord> record = parse_tlsa("\3\1\1"s + std::string(32, 'd'));
    ASSERT_TRUE(record);
    EXPECT_TRUE(record->usable());
    EXPECT_EQ(record->data.size(), 32U);
    EXPECT_FALSE(parse_tlsa("\3\1\1"s + std::string(31, 'd')));
    EXPECT_FALSE(parse_tlsa("\3\1"s));
    EXPECT_FALSE(parse_tlsa("\3\1\1"s));
    EXPECT_FALSE(parse_tlsa("\0\1\1"s + std::string(32, 'd'))->usable());
}

}  // namespace
}  // namespace ekiden::dns
