#include "common/mail/address_list.h"

#include <gtest/gtest.h>

namespace ekiden::mail {
namespace {

// The addresses as they are printed, between bars.
std::string list(std::string_view text) {
    std::string out;
    for (const ListedAddress& each : addresses_in(text)) out += each.address.print() + "|";
    return out;
}

TEST(AddressList, Forms) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"bob", "bob|"},
        {"bob@example.net", "bob@example.net|"},
        {"a, b,c@d", "a|b|c@d|"},
        {"a b", "a|b|"},
        {"a.b@c.d e", "a.b@c.d|e|"},
        {"Bob B. <bob@example.net>", "bob@example.net|"},
        {"\"B, b\" <bob>, \"x y\"@z", "bob|\"x y\"@z|"},
        {"bob (a, b (c) \\) d) , eve(x)@z", "bob|eve@z|"},
        {"<>", ""},
        {"friends: a, b@c;, d", "a|b@c|d|"},
        {"undisclosed-recipients:;", ""},
        {"<@x,@y:a@b>", "a@b|"},
        {"@x:a@b", "a@b|"},
        {"<@r:@hi>", "\"\"@hi|"},
        {"<@r:b:c@d>", "c@d|"},
        {"<@r:>", ""},
        {"@r:", ""},
        {"a:b, c: d, e:", "\"a:b\"|d|"},
        {"p, a:b@c, f: d:e", "p|\"a:b\"@c|\"d:e\"|"},
        {"f: a, b:c; d:e", "a|c|\"d:e\"|"},
        {"a@[192.0.2.1]", "a@[192.0.2.1]|"},
        {"a@b@c", "\"a@b\"@c|"},
        {"a\\ b@c", "\"a b\"@c|"},
        {"<a@b", "a@b|"},

        {", , ;", ""},
        {"@", ""},
        {"\"open", "open|"},
        {"(open", ""},
        {"a\r\n\tb", "a|b|"},
    };
    for (const auto& [text, wanted] : cases) EXPECT_EQ(list(text), wanted) << text;
}

TEST(AddressList, Completion) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {" root", " root@o"},
        {" root (Cron Daemon)", " root@o (Cron Daemon)"},
        {" A <a>, b@c,\r\n\td", " A <a@o>, b@c,\r\n\td@o"},
        {" \"x y\"", " \"x y\"@o"},
        {" group: a, b;", " group: a@o, b@o;"},
        {" <>", " <>"},
        {"", ""},
    };
    for (const auto& [text, wanted] : cases) EXPECT_EQ(complete_addresses(text, "o"), wanted) << text;
}

}  // namespace
}  // namespace ekiden::mail
