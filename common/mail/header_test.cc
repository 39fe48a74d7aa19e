#include "common/mail/header.h"

#include <gtest/gtest.h>

namespace ekiden::mail {
namespace {

constexpr std::string_view message =
    "Received: from a\r\n\tby b; date\r\n"
    "received: from c by d\r\n"
    "Delivered-To: Taro@Example.jp\r\n"
    "Message-Id : <1@example>\r\n"
    "From: A\r\n <a@example>\r\n"
    "Bcc: secret@example,\r\n  other@example\r\n"
    "\r\n"
    "Date: not here\r\n";

TEST(Header, Summary) {
    HeaderSummary summary = scan_header(message);
    EXPECT_EQ(summary.received, 2u);
    EXPECT_EQ(summary.message_id, "<1@example>");
    EXPECT_EQ(summary.from, "A <a@example>");
    EXPECT_FALSE(summary.has_date);
    EXPECT_TRUE(summary.has_bcc);
    EXPECT_FALSE(summary.has_to_or_cc);
    EXPECT_EQ(summary.delivered_to, std::vector<std::string>{"Taro@Example.jp"});
    EXPECT_EQ(message.substr(summary.body_start), "Date: not here\r\n");
    EXPECT_EQ(message.substr(summary.fields_end, 2), "\r\n");
}

TEST(Header, RemovesWholeFoldedFields) {
    constexpr std::string_view names[] = {"bcc", "Received"};
    EXPECT_EQ(remove_fields(message, names),
              "Delivered-To: Taro@Example.jp\r\nMessage-Id : <1@example>\r\nFrom: A\r\n <a@example>\r\n\r\n"
              "Date: not here\r\n");
    EXPECT_EQ(remove_fields("no header\r\n", names), "no header\r\n");
}

TEST(Header, EndsWhereTheGrammarSays) {
    struct Case {
        std::string_view content;
        std::size_t fields_end, body_start;
    };
    for (const Case& c : std::initializer_list<Case>{{"", 0, 0},
                                                     {"\r\n", 0, 2},
                                                     {"\r\nbody", 0, 2},
                                                     {"A: b\r\n", 6, 6},
                                                     {"A: b", 4, 4},
                                                     {"A: b\n\nx", 5, 6},
                                                     {"A: b\r\nnot a field\r\n", 6, 6},
                                                     {"From x\r\nA: b\r\n\r\n", 14, 16},
                                                     {" folded\r\n", 0, 0},
                                                     {": no name\r\n", 0, 0}}) {
        HeaderSummary summary = scan_header(c.content);
        EXPECT_EQ(summary.fields_end, c.fields_end) << c.content;
        EXPECT_EQ(summary.body_start, c.body_start) << c.content;
    }
}

TEST(Header, FirstValue) {
    EXPECT_EQ(first_value(message, "FROM"), "A <a@example>");
    EXPECT_FALSE(first_value(message, "Date"));
}

}  // namespace
}  // namespace ekiden::mail
