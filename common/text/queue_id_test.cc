#include "common/text/queue_id.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

TEST(QueueId, HasPostfixLongForm) {
    EXPECT_EQ(print(QueueId{0, 1}), "0000000000z1");
    EXPECT_EQ(print(QueueId{1'000'000, 50}), "0000010000zy");
    EXPECT_EQ(print(QueueId{51'000'051, 51}), "00000z000zz10");
}

TEST(QueueId, ParsesWhatItPrints) {
    for (std::int64_t time : {std::int64_t{0}, std::int64_t{999'999}, std::int64_t{1'795'000'000'123'456},
                              std::int64_t{9'000'000'000'000'000}})
        for (std::int64_t sequence : {std::int64_t{1}, std::int64_t{50}, std::int64_t{51},
                                      std::int64_t{2'600}, std::int64_t{1} << 62}) {
            QueueId id{time, sequence};
            std::string text = print(id);
            std::optional<QueueId> back = parse_queue_id(text);
            ASSERT_TRUE(back) << text;
            EXPECT_EQ(*back, id) << text;
        }
}

TEST(QueueId, SortsByTime) {
    EXPECT_LT(print(QueueId{1'795'000'000'999'999, 9}), print(QueueId{1'795'000'001'000'000, 1}));
}

TEST(QueueId, RefusesAllElse) {
    for (std::string_view bad :
         {"", "z", "z1", "0000000000z", "0000000000z0", "0000000000z01", "00000000000z1", "000000000z1",
          "000000000/z1", "../../etc/z1", "000000zzzzz1", "0000000000za", "0000000000z1 ",
          "zzzzzzzzzzzzzzzzzzzz0000z1", "0000000000zyyyyyyyyyyyyyyyyyyyyy"})
        EXPECT_FALSE(parse_queue_id(bad)) << bad;
}

}  // namespace
}  // namespace ekiden::text
