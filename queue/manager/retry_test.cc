#include "queue/manager/retry.h"

#include <gtest/gtest.h>

namespace ekiden::queue {
namespace {

constexpr std::int64_t noon = 1'795'000'000;

StoredMessage arrived_at_noon() {
    StoredMessage m;
    m.envelope.sender = "a@example.jp";
    m.seen = noon;
    return m;
}

// Passes with a clock that only goes forward, as the manager makes them; gives the intervals.
TEST(Retry, IntervalsGrowAndMailExpires) {
    RetryPolicy policy;
    StoredMessage m = arrived_at_noon();
    std::int64_t now = noon;
    std::vector<std::int64_t> intervals;
    while (true) {
        m.age = age_at(m, now);
        m.seen = now;
        if (expired(policy, m, m.age)) break;
        std::int64_t next = next_attempt(policy, m.age, now);
        intervals.push_back(next - now);
        now = next;
    }
    ASSERT_GT(intervals.size(), 6u);
    EXPECT_EQ(intervals[0], 300);
    EXPECT_EQ(intervals[1], 300);
    EXPECT_EQ(intervals[2], 600);
    EXPECT_EQ(intervals[3], 1200);
    EXPECT_EQ(intervals[5], 4000);
    EXPECT_EQ(intervals.back(), 4000);
    EXPECT_GE(now - noon, 5 * 86400);
    EXPECT_LT(now - noon, 5 * 86400 + 4000);
}

TEST(Retry, AClockThatJumpsForwardAgesADay) {
    StoredMessage m = arrived_at_noon();
    EXPECT_EQ(age_at(m, noon + std::int64_t{10} * 365 * 86400), 86400);
}

TEST(Retry, AClockThatJumpsBackAgesNothing) {
    StoredMessage m = arrived_at_noon();
    m.age = 700;
    EXPECT_EQ(age_at(m, noon - 1'000'000), 700);
}

TEST(Retry, NullSenderHasItsOwnLifetimeAndNoWarning) {
    RetryPolicy policy{.bounce_lifetime = Seconds(60), .delay_warning = Seconds(100)};
    StoredMessage m = arrived_at_noon();
    EXPECT_FALSE(expired(policy, m, 61));
    EXPECT_FALSE(warning_due(policy, m, 99));
    EXPECT_TRUE(warning_due(policy, m, 100));
    m.warned = true;
    EXPECT_FALSE(warning_due(policy, m, 100));
    m.warned = false;
    m.envelope.sender.clear();
    EXPECT_TRUE(expired(policy, m, 61));
    EXPECT_FALSE(warning_due(policy, m, 100));
}

TEST(Retry, AnOperatorCanExpireIt) {
    StoredMessage m = arrived_at_noon();
    m.expire = true;
    EXPECT_TRUE(expired(RetryPolicy{}, m, 0));
}

TEST(Retry, ALifetimeOfNothingMeansOneAttempt) {
    RetryPolicy policy{.maximal_lifetime = Seconds(0)};
    EXPECT_TRUE(expired(policy, arrived_at_noon(), 0));
}

}  // namespace
}  // namespace ekiden::queue
