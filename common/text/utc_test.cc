#include "common/text/utc.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

TEST(Utc, IsPrintedToTheSecond) {
    EXPECT_EQ(print_utc(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(print_utc(1'795'331'723), "2026-11-22T07:15:23Z");
    EXPECT_EQ(print_utc(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace ekiden::text
