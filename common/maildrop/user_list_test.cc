#include "common/maildrop/user_list.h"

#include <gtest/gtest.h>

namespace ekiden::maildrop {
namespace {

Result<std::string> read(const std::string& path) {
    if (path == "/users") return std::string("# may\nalice, bob\n!eve\n");
    if (path == "/circle") return std::string("/circle\n");
    return not_found("no " + path);
}

TEST(UserList, TheFirstThatMatchesDecides) {
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
        EXPECT_EQ(user_is_listed("authorized_submit_users", each.items, "alice", read), each.alice);
        EXPECT_EQ(user_is_listed("authorized_submit_users", each.items, "eve", read), each.eve);
    }
}

TEST(UserList, WhatCannotBeReadIsNoAnswer) {
    EXPECT_FALSE(user_is_listed("authorized_submit_users", {"/missing"}, "alice", read));
    EXPECT_FALSE(user_is_listed("authorized_submit_users", {"/circle"}, "alice", read));
    Result<bool> table =
        user_is_listed("authorized_mailq_users", {"hash:/etc/x", "static:all"}, "alice", read);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().text,
              "authorized_mailq_users: hash:/etc/x: only names, /file and static:anyone are possible here");
}

TEST(UserList, Everybody) {
    EXPECT_TRUE(lists_everybody({"static:anyone"}));
    EXPECT_TRUE(lists_everybody({"static:all", "!eve"}));
    for (const std::vector<std::string>& some :
         std::vector<std::vector<std::string>>{{}, {"alice", "static:all"}, {"!static:all"}, {"/users"}})
        EXPECT_FALSE(lists_everybody(some));
}

}  // namespace
}  // namespace ekiden::maildrop
