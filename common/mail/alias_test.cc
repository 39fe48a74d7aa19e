#include "common/mail/alias.h"

#include <gtest/gtest.h>

namespace ekiden::mail {
namespace {

using Kind = AliasTarget::Kind;

// "a:joe c:cmd f:/x i:/y", with \ before what is not expanded again; ERROR and the reason.
std::string shown(std::string_view value) {
    auto targets = parse_alias_value(value);
    if (!targets) return "ERROR " + targets.error().text;
    std::string out;
    for (const AliasTarget& target : *targets) {
        const char* kind = target.kind == Kind::address   ? "a:"
                           : target.kind == Kind::command ? "c:"
                           : target.kind == Kind::file    ? "f:"
                                                          : "i:";
        out += (out.empty() ? "" : " ") + std::string(kind) + (target.no_further_alias ? "\\" : "") +
               target.text;
    }
    auto again = parse_alias_value(print(*targets));
    EXPECT_TRUE(again && *again == *targets) << print(*targets);
    return out;
}

struct Case {
    const char* value;
    const char* wanted;
};

TEST(Alias, Destinations) {
    const Case cases[] = {
        {"root", "a:root"},
        {"a, b@c.test,d", "a:a a:b@c.test a:d"},
        {"a b;c\n\td", "a:a a:b a:c a:d"},
        {",, a ,,", "a:a"},
        {"\"a b\"@c.test", "a:\"a b\"@c.test"},
        {"a\\ b@c.test", "a:\"a b\"@c.test"},
        {"\"a@b\"@c.test", "a:\"a@b\"@c.test"},
        {"u@[192.0.2.1], v@[IPv6:2001:db8::1]", "a:u@[192.0.2.1] a:v@[IPv6:2001:db8::1]"},
        {"Joe User <joe@x.test>, bob (the \\) builder (old)) , c", "a:joe@x.test a:bob a:c"},
        {"\"User, Joe\" <joe@x.test> <b>", "a:joe@x.test a:b"},
        {"<@r.test:joe@x.test>", "a:joe@x.test"},
        {"</C=JP/@gw.test>", "a:/C=JP/@gw.test"},
        {"\xe9\xa7\x85@x.test", "a:\xe9\xa7\x85@x.test"},
        {"\"|cmd with blanks\", b", "c:cmd with blanks a:b"},
        {"|\"cmd with blanks\", b", "c:cmd with blanks a:b"},
        {"|/bin/cmd", "c:/bin/cmd"},
        {"\"|cmd \\\"x y\\\" \\\\z <q> (r)\"", "c:cmd \"x y\" \\z <q> (r)"},
        {"/var/mail/x, /var/u/Maildir/", "f:/var/mail/x f:/var/u/Maildir/"},
        {"\"/with blank/x\"", "f:/with blank/x"},
        {"/with\\ blank", "f:/with blank"},
        {":include:/etc/list, z", "i:/etc/list a:z"},
        {":INCLUDE: /etc/list", "i:/etc/list"},
        {"\":include:/etc/a list\"", "i:/etc/a list"},
        {":include:\"/etc/a list\"", "i:/etc/a list"},
        {"\\root, \"|vacation root\"", "a:\\root c:vacation root"},
        {"\"\\\\root\"", "a:\\root"},
        {"\\joe@x.test", "a:\\joe@x.test"},
        {"\\\"a b\"@x.test", "a:\\\"a b\"@x.test"},
        {"owner-list, joe+tag", "a:owner-list a:joe+tag"},
    };
    for (const Case& each : cases) EXPECT_EQ(shown(each.value), each.wanted) << each.value;
}

TEST(Alias, Refused) {
    const Case cases[] = {
        {"", "ERROR no destination"},
        {" , (nobody)", "ERROR no destination"},
        {"\"open", "ERROR a quote is not closed: \"\"open\""},
        {"a (open", "ERROR a comment is not closed with \")\""},
        {"joe@x.test>", "ERROR \">\" without its beginning"},
        {"a)", "ERROR \")\" without its beginning"},
        {"<joe@x.test", "ERROR no > behind the address: \"<joe@x.test\""},
        {"<>", "ERROR null path: \"<>\""},
        {"\"\"", "ERROR no local part: \"\""},
        {"@x.test", "ERROR no local part: \"@x.test\""},
        {"joe@", "ERROR no domain: \"joe@\""},
        {"joe@a..b", "ERROR bad domain: \"joe@a..b\""},
        {"joe@192.0.2.1", "ERROR bad domain: \"joe@192.0.2.1\""},
        {"|", "ERROR no command behind \"|\""},
        {":include:list", "ERROR not an absolute path: \"list\""},
        {":include:", "ERROR not an absolute path: \"\""},
        {"staff: a, b;", "ERROR a group is no destination: \"staff:\""},
        {"\\|cmd", "ERROR a backslash is for addresses: \"|cmd\""},
        {"\\\"\\\\root\"", "ERROR two backslashes before \"\\root\""},
        {"a\\", "ERROR nothing follows a backslash"},
        {"\"|cmd\" <joe@x.test>", "ERROR a comma is missing behind \"|cmd\""},
        {"a\x01"
         "b",
         "ERROR a control character in \"a?\""},
        {"\"/a\nb\"", "ERROR a control character in \"/a?\""},
        {"\xff@x.test", "ERROR bad local part: \"?@x.test\""},
    };
    for (const Case& each : cases) EXPECT_EQ(shown(each.value), each.wanted) << each.value;
    EXPECT_EQ(shown(std::string_view("a\0b", 3)), "ERROR a control character in \"a?\"");
}

TEST(Alias, Limits) {
    std::string many;
    for (std::size_t i = 0; i < limits::alias_targets; ++i) many += "a,";
    EXPECT_TRUE(parse_alias_value(many));
    EXPECT_FALSE(parse_alias_value(many + "a"));
    EXPECT_FALSE(parse_alias_value(std::string(limits::alias_value + 1, ',')));
    EXPECT_TRUE(parse_alias_value("/" + std::string(limits::alias_file - 1, 'x')));
    EXPECT_FALSE(parse_alias_value("/" + std::string(limits::alias_file, 'x')));
    EXPECT_TRUE(parse_alias_value("|" + std::string(limits::alias_command, 'x')));
    EXPECT_FALSE(parse_alias_value("|" + std::string(limits::alias_command + 1, 'x')));
    EXPECT_FALSE(parse_alias_value(std::string(256, 'x')));
    std::string deep(limits::alias_comment_depth, '(');
    EXPECT_TRUE(parse_alias_value("a" + deep + std::string(limits::alias_comment_depth, ')')));
    EXPECT_FALSE(parse_alias_value("a(" + deep + std::string(limits::alias_comment_depth + 1, ')')));
}

}  // namespace
}  // namespace ekiden::mail
