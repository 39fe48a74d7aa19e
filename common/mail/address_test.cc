#include "common/mail/address.h"

#include <gtest/gtest.h>

namespace ekiden::mail {
namespace {

Result<Address> path(std::string_view input, PathRules rules = {}) {
    text::Cursor cursor(input);
    Result<Address> address = parse_path(cursor, rules);
    if (address && !cursor.done()) return malformed("rest: " + std::string(cursor.rest()));
    return address;
}

TEST(Address, TakesWhatTheGrammarAllows) {
    struct Case {
        std::string_view input, local, domain;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"<a@example.org>", "a", "example.org"},
             {"<a.b+c@Example.ORG>", "a.b+c", "Example.ORG"},
             {"<\"a b\"@example.org>", "a b", "example.org"},
             {"<\"a@b\"@example.org>", "a@b", "example.org"},
             {"<\"a\\\"b\\\\\"@example.org>", "a\"b\\", "example.org"},
             {"<joe@[192.0.2.1]>", "joe", "[192.0.2.1]"},
             {"<joe@[IPv6:2001:db8::1]>", "joe", "[IPv6:2001:db8::1]"},
             {"<@one.example,@two.example:joe@example.org>", "joe", "example.org"},
             {"<a..b.@docomo.example>", "a..b.", "docomo.example"},
             {"<a@under_score.example>", "a", "under_score.example"},
             {"<a@localhost>", "a", "localhost"},
             {"a@example.org", "a", "example.org"},
         }) {
        Result<Address> got = path(c.input);
        ASSERT_TRUE(got) << c.input << ": " << got.error().text;
        EXPECT_EQ(got->local, c.local);
        EXPECT_EQ(got->domain, c.domain);
    }
}

TEST(Address, RefusesTheRest) {
    for (std::string_view bad : {"",
                                 "<",
                                 "<>",
                                 "<a>",
                                 "<@>",
                                 "<a@>",
                                 "<@b>",
                                 "<a@b@c>",
                                 "<a@-bad-.example>",
                                 "<a@example..org>",
                                 "<a@.org>",
                                 "<a@example.org.>",
                                 "<a b@example.org>",
                                 "<\"a@example.org>",
                                 "<\"a\"b@example.org>",
                                 "<\"\"@example.org>",
                                 "<a@[1.2.3]>",
                                 "<a@[IPv6:zz]>",
                                 "<a@[1.2.3.4>",
                                 "<a@1.2.3.4>",
                                 "<a@example.org",
                                 "<a@example.org>x",
                                 "<@one.example joe@example.org>",
                                 "<@one.example:@two:joe@example.org>",
                                 "<postmaster>",
                                 "<\xc3\xbc@example.org>"})
        EXPECT_FALSE(path(bad)) << bad;
    EXPECT_FALSE(path(std::string_view("<a\0b@example.org>", 17)));
}

TEST(Address, NullAndPostmasterOnlyWhereTheyBelong) {
    Result<Address> null = path("<>", {.allow_null = true});
    ASSERT_TRUE(null);
    EXPECT_TRUE(null->null());
    EXPECT_EQ(null->print(), "");
    Result<Address> postmaster = path("<PostMaster>", {.allow_postmaster = true});
    ASSERT_TRUE(postmaster);
    EXPECT_EQ(postmaster->print(), "PostMaster");
    EXPECT_FALSE(path("<root>", {.allow_postmaster = true}));
    EXPECT_EQ(path("<root>", {.allow_unqualified = true})->print(), "root");
    EXPECT_FALSE(path("<a@>", {.allow_unqualified = true}));
    EXPECT_FALSE(path("<\"\">", {.allow_unqualified = true}));
    EXPECT_FALSE(path("a@example.org", {.require_brackets = true}));
}

TEST(Address, LimitsAreExact) {
    EXPECT_TRUE(parse_mailbox(std::string(255, 'a') + "@example.org"));
    EXPECT_FALSE(parse_mailbox(std::string(256, 'a') + "@example.org"));
    std::string label(63, 'b');
    std::string longest = label + "." + label + "." + label + "." + std::string(63, 'c');
    ASSERT_EQ(longest.size(), 255u);
    EXPECT_TRUE(valid_domain(longest));
    EXPECT_FALSE(valid_domain("x" + longest));
    EXPECT_FALSE(valid_domain(longest + "c"));
    EXPECT_FALSE(valid_domain(std::string(64, 'b') + ".example"));
}

TEST(Address, Utf8OnlyWhenAllowedAndOnlyWellFormed) {
    EXPECT_TRUE(parse_mailbox("\xe9\xa7\x85\xe4\xbc\x9d@\xe4\xbe\x8b.example", true));
    EXPECT_TRUE(parse_mailbox("\"\xe9\xa7\x85 x\"@example.org", true));
    for (std::string_view bad : {"\xc0\xaf@example.org", "\xed\xa0\x80@example.org", "\xf5\x80\x80\x80@x.org",
                                 "a\x80@x.org", "a@\xe4\xbe.example"})
        EXPECT_FALSE(parse_mailbox(bad, true)) << bad;
    EXPECT_TRUE(parse_mailbox("\xc3\xbc@example.org", true)->needs_utf8());
}

TEST(Address, KeysAndQuotes) {
    Address address{"Foo Bar", "Example.ORG"};
    EXPECT_EQ(address.print(), "\"Foo Bar\"@Example.ORG");
    EXPECT_EQ(address.key(), "\"Foo Bar\"@example.org");
    EXPECT_EQ(address.lookup_key(), "\"foo bar\"@example.org");
    EXPECT_EQ((Address{"a..b", "x.org"}.print()), "\"a..b\"@x.org");
}

TEST(Address, PrintIsTheMirror) {
    for (std::string_view local : {"a", "a.b", ".a", "a b", "a\"b", "a\\", "@", "<>", "a,b:c"}) {
        Address address{std::string(local), "example.org"};
        Result<Address> again = parse_mailbox(address.print());
        ASSERT_TRUE(again) << address.print();
        EXPECT_EQ(*again, address);
    }
}

}  // namespace
}  // namespace ekiden::mail
