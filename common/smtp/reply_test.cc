#include "common/smtp/reply.h"

#include <gtest/gtest.h>

namespace ekiden::smtp {
namespace {

Result<Reply> read(std::initializer_list<std::string_view> lines) {
    ReplyReader reader;
    for (std::string_view line : lines) {
        Result<bool> complete = reader.feed(line);
        if (!complete) return pass(complete);
        if (*complete) return reader.take();
    }
    return malformed("incomplete");
}

TEST(Reply, PrintsOneAndManyLines) {
    EXPECT_EQ(Reply(250, "2.1.0 Ok").print(), "250 2.1.0 Ok\r\n");
    EXPECT_EQ(Reply(250, "mail.example\nPIPELINING\nSIZE 100").print(),
              "250-mail.example\r\n250-PIPELINING\r\n250 SIZE 100\r\n");
    EXPECT_EQ(Reply(354, "").print(), "354 \r\n");
}

TEST(Reply, ReadsWhatItPrints) {
    Result<Reply> reply = read({"250-mail.example", "250-PIPELINING", "250 SIZE 100"});
    ASSERT_TRUE(reply);
    EXPECT_EQ(*reply, Reply(250, "mail.example\nPIPELINING\nSIZE 100"));
    EXPECT_EQ(read({"354"})->code, 354);
    EXPECT_EQ(read({"250-", "250"})->text, "\n");
}

TEST(Reply, RefusesWhatIsNoReply) {
    EXPECT_FALSE(read({"hello"}));
    EXPECT_FALSE(read({"99 x"}));
    EXPECT_FALSE(read({"150 x"}));
    EXPECT_FALSE(read({"250x"}));
    EXPECT_FALSE(read({"250-a", "550 b"}));
    ReplyReader endless;
    Result<bool> fed = false;
    for (int i = 0; i < 1000 && fed; ++i) fed = endless.feed("250-x");
    EXPECT_FALSE(fed);
}

TEST(Reply, ControlOctetsDoNotReachTheLog) { EXPECT_EQ(read({"550 a\x1b[2Jb"})->text, "a?[2Jb"); }

TEST(EnhancedStatus, OnlyOfTheReplysClass) {
    EXPECT_EQ(Reply(550, "5.7.1 no").enhanced(), (EnhancedStatus{5, 7, 1}));
    EXPECT_FALSE(Reply(550, "4.7.1 no").enhanced());
    EXPECT_FALSE(Reply(550, "no").enhanced());
    EXPECT_EQ(parse_enhanced_status("5.7.25 x"), (EnhancedStatus{5, 7, 25}));
    for (std::string_view bad :
         {"", "5", "5.", "5.7", "5.7.", "5.7.1x", "3.1.1", "5.07.1", "5.7.1234", "55.7.1"})
        EXPECT_FALSE(parse_enhanced_status(bad)) << bad;
}

}  // namespace
}  // namespace ekiden::smtp
