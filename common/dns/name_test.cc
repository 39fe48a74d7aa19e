#include "common/dns/name.h"

#include <gtest/gtest.h>

namespace ekiden::dns {
namespace {

using namespace std::string_literals;

TEST(DnsName, WireForm) {
    EXPECT_EQ(*name_to_wire("mail.example.jp"), "\4mail\7example\2jp\0"s);
    EXPECT_EQ(*name_to_wire("mail.example.jp."), "\4mail\7example\2jp\0"s);
    EXPECT_EQ(*name_to_wire(""), "\0"s);
    EXPECT_EQ(*name_to_wire("."), "\0"s);
    EXPECT_EQ(*name_to_wire("a\\.b.c\\032\\255"), "\3a.b\3c \xff\0"s);
}

TEST(DnsName, RefusesWhatCannotBe) {
    for (std::string name : {"a..b"s, ".a"s, "a.\\"s, "a\\25"s, "a\\256"s, std::string(64, 'x'), "a.."s})
        EXPECT_FALSE(name_to_wire(name)) << name;
    std::string longest;
    for (int i = 0; i < 127; ++i) longest += "a.";
    EXPECT_TRUE(name_to_wire(longest));
    EXPECT_FALSE(name_to_wire(longest + "b"));
}

TEST(DnsName, RoundTrip) {
    for (std::string name : {"mail.example.jp"s, "a\\.b.\\000\\200\\\\"s, ""s}) {
        Result<std::string> wire = name_to_wire(name);
        ASSERT_TRUE(wire) << name;
        EXPECT_EQ(*name_from_wire(*wire), name);
    }
    EXPECT_EQ(*name_from_wire("\4MAIL\2JP\0"s), "mail.jp");
}

TEST(DnsName, BrokenWire) {
    for (std::string wire :
         {""s, "\4mai"s, "\1a"s, "\1a\0x"s, "\x40"s + std::string(64, 'a') + "\0"s, "\xc0\0"s})
        EXPECT_FALSE(name_from_wire(wire)) << wire.size();
    EXPECT_FALSE(name_from_wire(std::string(300, '\1')));
}

TEST(DnsName, HostNames) {
    for (std::string_view good : {"mail.example.jp", "a", "3com.com", "under_score.example", "x--y.example"})
        EXPECT_TRUE(is_host_name(good)) << good;
    for (std::string_view bad :
         {"", ".", "a.", "10.0.0.1", "-a.example", "a-.example", "a b", "a\\.b", "a..b", "a@b"})
        EXPECT_FALSE(is_host_name(bad)) << bad;
}

}  // namespace
}  // namespace ekiden::dns
