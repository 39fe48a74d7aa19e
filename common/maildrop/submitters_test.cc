#include "common/maildrop/submitters.h"

#include <gtest/gtest.h>

namespace ekiden::maildrop {
namespace {

Result<std::string> read(const std::string& path) {
    if (path == "/users") return std::string("# may\nalice, bob\n!eve\n");
    if (path == "/circle") return std::string("/circle\n");
    return not_found("no " + path);
}

TEST(Submitters, TheFirstThatMatchesDecides) {
    struct Case {
        std::vector<std::string> items;
        bool alice, eve;
    };
    const Case cases[] = {
        {{"static:anyone"}, true, true},
        {{}, false, false},
        {{"alice"}, true, false},
        {{"!eve", "static:all"}, true, false},
        {{"static:all", "!eve"}, true, true},
        {{"/users"}, true, false},
        {{"!/users", "static:all"}, false, true},
        {{"!!alice"}, true, false},
    };
    for (const Case& each : cases) {
        EXPECT_EQ(may_submit(each.items, "alice", read), each.alice);
        EXPECT_EQ(may_submit(each.items, "eve", read), each.eve);
    }
}

TEST(Submitters, WhatCannotBeReadIsNoAnswer) {
    EXPECT_FALSE(may_submit({"/missing"}, "alice", read));
    EXPECT_FALSE(may_submit({"/circle"}, "alice", read));
    EXPECT_FALSE(may_submit({"hash:/etc/x", "static:all"}, "alice", read));
}

}  // namespace
}  // namespace ekiden::maildrop
