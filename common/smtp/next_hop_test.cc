#include "common/smtp/next_hop.h"

#include <gtest/gtest.h>

namespace ekiden::smtp {
namespace {

TEST(NextHop, Forms) {
    EXPECT_EQ(*parse_next_hop("Example.JP", 25), (NextHop{"example.jp", 25, true}));
    EXPECT_EQ(*parse_next_hop("example.jp.:2525", 25), (NextHop{"example.jp", 2525, true}));
    EXPECT_EQ(*parse_next_hop("[mx.example.jp]", 25), (NextHop{"mx.example.jp", 25, false}));
    EXPECT_EQ(*parse_next_hop("[mx.example.jp]:submission", 25), (NextHop{"mx.example.jp", 587, false}));
    EXPECT_EQ(*parse_next_hop("[127.0.0.1]:10025", 25), (NextHop{"127.0.0.1", 10025, false}));
    EXPECT_EQ(*parse_next_hop("[::1]:25", 26), (NextHop{"::1", 25, false}));
    EXPECT_EQ(*parse_next_hop("[IPv6:2001:DB8::1]", 25), (NextHop{"2001:db8::1", 25, false}));
}

TEST(NextHop, Refused) {
    for (std::string_view bad : {"", "[", "[]", "[mx", "a b", "example.jp:", "[mx]:", "[mx]x", "mx:0",
                                 "mx:65536", "mx:ftp", "192.0.2.1", "::1", "-x.example", "a..b", "mx:25:26"})
        EXPECT_FALSE(parse_next_hop(bad, 25)) << bad;
}

}  // namespace
}  // namespace ekiden::smtp
