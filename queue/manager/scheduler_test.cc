#include "queue/manager/scheduler.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ekiden::queue {
namespace {

const DestinationKey example{"relay", "example.net"};
const DestinationKey other{"relay", "example.org"};

std::vector<std::int64_t> numbers(int count) {
    std::vector<std::int64_t> result(static_cast<std::size_t>(count));
    std::iota(result.begin(), result.end(), 0);
    return result;
}

std::vector<Delivery> drain(Scheduler& scheduler) {
    std::vector<Delivery> result;
    while (std::optional<Delivery> delivery = scheduler.next()) result.push_back(*delivery);
    return result;
}

TEST(Scheduler, BeginsWithTheInitialWindow) {
    Scheduler scheduler;
    for (Sequence m = 1; m <= 30; ++m) scheduler.add(m, example, {0});
    EXPECT_EQ(drain(scheduler).size(), 5u);
}

TEST(Scheduler, WindowGrowsToItsLimitAndNotBeyond) {
    Scheduler scheduler;
    for (Sequence m = 1; m <= 5000; ++m) scheduler.add(m, example, {0});
    std::vector<Delivery> running = drain(scheduler);
    for (int round = 0; round < 100; ++round) {
        for (const Delivery& d : running) scheduler.succeeded(d.id);
        running = drain(scheduler);
        ASSERT_LE(scheduler.running(), 20u);
    }
    EXPECT_EQ(scheduler.running(), 20u);
}

TEST(Scheduler, AnUnusedWindowDoesNotGrow) {
    Scheduler scheduler;
    scheduler.add(100, example, {0});
    Delivery kept = *scheduler.next();
    for (Sequence m = 1; m <= 50; ++m) {
        scheduler.add(m, example, {0});
        scheduler.succeeded(scheduler.next()->id);
    }
    EXPECT_EQ(scheduler.window(example), 5);
    scheduler.succeeded(kept.id);
    EXPECT_EQ(scheduler.destinations(), 0u) << "an idle destination is forgotten";
}

TEST(Scheduler, ADestinationThatOnlyFailsDies) {
    Scheduler scheduler;
    for (Sequence m = 1; m <= 30; ++m) scheduler.add(m, example, {0, 1});
    std::vector<Delivery> running = drain(scheduler);
    std::size_t given_back = 0;
    for (const Delivery& d : running)
        for (const Postponed& p : scheduler.failed(d.id, "connection refused", 1000)) {
            ++given_back;
            EXPECT_EQ(p.recipients.size(), 2u);
        }
    EXPECT_EQ(given_back, 25u);
    EXPECT_EQ(scheduler.dead(example, 2000), "connection refused");
    EXPECT_FALSE(scheduler.dead(other, 2000));
    EXPECT_FALSE(scheduler.dead(example, 300'001'000));
    EXPECT_EQ(scheduler.destinations(), 0u);
    scheduler.revive();
    EXPECT_FALSE(scheduler.dead(example, 2000));
}

TEST(Scheduler, OneSuccessSavesIt) {
    Scheduler scheduler;
    for (Sequence m = 1; m <= 30; ++m) scheduler.add(m, example, {0});
    std::vector<Delivery> running = drain(scheduler);
    EXPECT_TRUE(scheduler.failed(running[0].id, "x", 0).empty());
    EXPECT_TRUE(scheduler.failed(running[1].id, "x", 0).empty());
    EXPECT_EQ(scheduler.window(example), 3);
    scheduler.succeeded(running[2].id);
    EXPECT_TRUE(scheduler.failed(running[3].id, "x", 0).empty());
    scheduler.abandoned(running[4].id);
    EXPECT_FALSE(scheduler.dead(example, 0));
    EXPECT_EQ(scheduler.running(), 0u);
    EXPECT_EQ(drain(scheduler).size(), 2u);
}

TEST(Scheduler, DestinationsAndMessagesTakeTurns) {
    Scheduler scheduler({.initial_concurrency = 1, .recipients = 50});
    scheduler.add(1, example, numbers(120));  // a mailing
    scheduler.add(2, example, {7});
    scheduler.add(3, other, {0});
    scheduler.add(4, DestinationKey{"virtual", "example.jp"}, {0});
    std::vector<Delivery> first = drain(scheduler);
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0].message, 1);
    EXPECT_EQ(first[0].recipients.size(), 50u);
    EXPECT_EQ(first[1].message, 4) << "transports take turns";
    EXPECT_EQ(first[2].message, 3);
    scheduler.succeeded(first[0].id);
    Delivery second = *scheduler.next();
    EXPECT_EQ(second.message, 2) << "messages take turns";
    EXPECT_EQ(second.recipients, std::vector<std::int64_t>{7});
}

TEST(Scheduler, ATransportHasALimitOfItsOwn) {
    Scheduler scheduler({.transport = 3});
    for (int d = 0; d < 10; ++d) scheduler.add(d, DestinationKey{"relay", std::to_string(d)}, {0});
    std::vector<Delivery> running = drain(scheduler);
    EXPECT_EQ(running.size(), 3u);
    scheduler.add(99, DestinationKey{"virtual", "example.jp"}, {0});
    EXPECT_EQ(drain(scheduler).size(), 1u);
    scheduler.succeeded(running[0].id);
    EXPECT_EQ(drain(scheduler).size(), 1u);
}

TEST(Scheduler, MailboxesAreDeliveredToOneByOne) {
    Scheduler scheduler;
    scheduler.add(1, example, {0, 1, 2});
    scheduler.add(2, DestinationKey{"virtual", "example.jp"}, {0, 1, 2});
    std::size_t mailboxes = 0;
    for (const Delivery& delivery : drain(scheduler)) {
        if (delivery.message == 1) EXPECT_EQ(delivery.recipients.size(), 3u);
        if (delivery.message == 2) EXPECT_EQ(delivery.recipients.size(), 1u);
        if (delivery.message == 2) ++mailboxes;
    }
    EXPECT_EQ(mailboxes, 3u);
}

TEST(Scheduler, WithdrawnMailIsNotStarted) {
    Scheduler scheduler({.initial_concurrency = 1});
    scheduler.add(1, example, {0});
    scheduler.add(2, example, {0});
    scheduler.add(2, other, {1});
    Delivery running = *scheduler.next();
    scheduler.withdraw(2);
    EXPECT_FALSE(scheduler.next());
    scheduler.succeeded(running.id);
    EXPECT_FALSE(scheduler.next());
    EXPECT_EQ(scheduler.destinations(), 0u);
}

}  // namespace
}  // namespace ekiden::queue
