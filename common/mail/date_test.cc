#include "common/mail/date.h"

#include <gtest/gtest.h>

namespace ekiden::mail {
namespace {

TEST(Date, Prints) {
    EXPECT_EQ(print_date(0, 0), "Thu, 1 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(print_date(1795286010, 540, "JST"), "Sun, 22 Nov 2026 03:33:30 +0900 (JST)");
    EXPECT_EQ(print_date(1795286010, -210), "Sat, 21 Nov 2026 15:03:30 -0330");
    EXPECT_EQ(print_date(-1, 0), "Wed, 31 Dec 1969 23:59:59 +0000");
    EXPECT_EQ(print_date(951782400, 0), "Tue, 29 Feb 2000 00:00:00 +0000");
}

TEST(Date, ExtremesAreClamped) {
    EXPECT_EQ(print_date(INT64_MAX, 0), "Fri, 31 Dec 9999 23:59:59 +0000");
    EXPECT_EQ(print_date(INT64_MIN, 9999), "Sat, 1 Jan 0000 23:59:00 +2359");
}

TEST(Date, ParsesTheObsoleteFormsToo) {
    for (std::string_view text :
         {"Fri, 21 Nov 1997 09:55:06 -0600", "21 Nov 97 09:55:06 -0600",
          "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "fri,21 nov 1997 9:55:06 CST",
          "Fri, 21 Nov 1997\r\n 15:55:06 GMT (a (nested \\) one))", "21 Nov 1997 15:55:06 Z"}) {
        Result<Date> date = parse_date(text);
        ASSERT_TRUE(date) << text;
        EXPECT_EQ(date->utc_seconds, 880127706) << text;
    }
    EXPECT_EQ(parse_date("1 Jan 70 00:00 +0000")->utc_seconds, 0);
}

TEST(Date, RefusesTheRest) {
    for (std::string_view text :
         {"", "Fri", "Fri, 32 Nov 1997 09:55:06 -0600", "29 Feb 2001 00:00 +0000",
          "21 Nov 1997 24:00:00 +0000", "21 Nov 1997 09:60 +0000", "21 Nov 1997 09:55:06",
          "21 Nov 1997 09:55:06 +9999", "21 Nov 1997 09:55:06 +0000 x", "21 Nov 1997 09:55:06 +0000 (",
          "21 Foo 1997 09:55:06 +0000", "21 Nov 99999 09:55:06 +0000", "((((((((((((((((((((1"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(Date, WhatIsPrintedIsRead) {
    for (std::int64_t when = -5'000'000'000; when < 20'000'000'000; when += 777'777'777)
        for (int zone : {0, 540, -210, 1439, -1439}) {
            Result<Date> date = parse_date(print_date(when, zone, "ANY"));
            ASSERT_TRUE(date);
            EXPECT_EQ(date->utc_seconds, when);
            EXPECT_EQ(date->zone_minutes, zone);
        }
    EXPECT_TRUE(parse_date(print_local_date(1795286010)));
}

}  // namespace
}  // namespace ekiden::mail
