#include "common/text/delay.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

TEST(Delay, TwoSignificantDigits) {
    struct Case {
        std::int64_t microseconds;
        std::string_view wanted;
    };
    for (const Case& c : std::initializer_list<Case>{{-5, "0"},
                                                     {0, "0"},
                                                     {4'000, "0"},
                                                     {6'000, "0.01"},
                                                     {100'000, "0.1"},
                                                     {340'000, "0.34"},
                                                     {999'000, "1"},
                                                     {1'140'000, "1.1"},
                                                     {9'960'000, "10"},
                                                     {34'400'000, "34"},
                                                     {2'714'000'000, "2700"}})
        EXPECT_EQ(print_delay(c.microseconds), c.wanted) << c.microseconds;
    EXPECT_EQ(print_delays(40'000, 10'000, 0, 740'000), "0.04/0.01/0/0.74");
}

}  // namespace
}  // namespace ekiden::text
