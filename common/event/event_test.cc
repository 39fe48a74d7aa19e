#include <gtest/gtest.h>
#include <sys/socket.h>

#include <limits>
#include <stdexcept>

#include "common/event/gate.h"
#include "common/event/inbox.h"
#include "common/event/offload.h"

namespace ekiden::event {
namespace {

using namespace std::chrono_literals;

Task<int> at_once(int value) { co_return value; }

Task<int> sum_of_many() {
    int sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        int one = co_await at_once(1);
        sum += one;
    }
    co_return sum;
}

TEST(Task, MillionAwaitsThatNeverWaitDoNotGrowTheStack) {
    Loop loop;
    EXPECT_EQ(loop.run(sum_of_many()), 1'000'000);
}

Task<int> deep(Loop& loop, int depth) {
    if (depth == 0) {
        co_await loop.sleep(1ms);
        co_return 0;
    }
    int below = co_await deep(loop, depth - 1);
    co_return below + 1;
}

TEST(Task, DeepChainComesBack) {
    Loop loop;
    EXPECT_EQ(loop.run(deep(loop, 1000)), 1000);
}

Task<> thrower(Loop& loop) {
    co_await loop.sleep(1ms);
    throw std::runtime_error("over");
}

TEST(Task, ExceptionReachesTheAwaiter) {
    Loop loop;
    EXPECT_THROW(loop.run(thrower(loop)), std::runtime_error);
}

struct Flag {
    bool& set;
    ~Flag() { set = true; }
};

Task<> waits_for_ever(Loop& loop, bool& unwound) {
    Flag flag{unwound};
    co_await loop.sleep(1h);
}

TEST(Gate, DestroysWhatStillRuns) {
    Loop loop;
    bool unwound = false;
    {
        Gate gate(loop);
        gate.spawn(waits_for_ever(loop, unwound));
        EXPECT_EQ(gate.size(), 1u);
    }
    EXPECT_TRUE(unwound);
}

TEST(Gate, ReportsAnExceptionAndGoesOn) {
    Loop loop;
    int failures = 0;
    Gate gate(loop, [&](std::exception_ptr) { ++failures; });
    gate.spawn(thrower(loop));
    EXPECT_TRUE(loop.run(gate.empty(10s)));
    EXPECT_EQ(failures, 1);
}

// A notify in each round of the loop.
Task<> count_to(Loop& loop, Signal& signal, int& count, int last) {
    while (count < last) {
        co_await loop.next_round();
        ++count;
        signal.notify_all();
    }
}

TEST(Signal, WaitsUntilACondition) {
    Loop loop;
    Signal counted(loop);
    Gate gate(loop);
    int count = 0;
    gate.spawn(count_to(loop, counted, count, 3));
    EXPECT_TRUE(loop.run(counted.until([&] { return count == 3; }, 10s)));
    EXPECT_TRUE(loop.run(counted.until([&] { return count == 3; }, 0s))) << "it holds already";
    EXPECT_FALSE(loop.run(counted.until([&] { return count == 4; }, 20ms)));
    EXPECT_FALSE(counted.awaited());
}

TEST(Signal, NotifiesDoNotProlongTheTime) {
    Loop loop;
    Signal counted(loop);
    Gate gate(loop);
    int count = 0;
    gate.spawn(count_to(loop, counted, count, std::numeric_limits<int>::max()));
    EXPECT_FALSE(loop.run(counted.until([] { return false; }, 20ms)));
    EXPECT_GT(count, 1);
}

Task<> push_later(Loop& loop, Inbox<int>& inbox) {
    co_await loop.next_round();
    inbox.push(7);
}

TEST(Inbox, PopWaitsForPush) {
    Loop loop;
    Inbox<int> inbox(loop, 2);
    Gate gate(loop);
    gate.spawn(push_later(loop, inbox));
    EXPECT_EQ(loop.run(inbox.pop(10s)), 7);
    EXPECT_EQ(loop.run(inbox.pop(1ms)), std::nullopt);
    EXPECT_TRUE(inbox.push(1) && inbox.push(2));
    EXPECT_FALSE(inbox.push(3)) << "bounded";
}

TEST(Offload, ResultsAndErrorsComeBack) {
    Loop loop;
    Offload pool(loop, 2, 100);
    Result<int> value = loop.run(pool.run([] { return 42; }));
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 42);
    Result<int> error = loop.run(pool.run([]() -> Result<int> { return temporary("no"); }));
    EXPECT_EQ(error.error().text, "no");
    Result<> thrown = loop.run(pool.run([] { throw std::runtime_error("thrown"); }));
    EXPECT_EQ(thrown.error().text, "thrown");
}

Task<std::string> read_when_ready(Watch& watch, int fd) {
    char octet = 0;
    while (read(fd, &octet, 1) < 0) {
        watch.drained();
        bool ready = co_await watch.readable(5s);
        if (!ready) co_return "late";
    }
    co_return std::string(1, octet);
}

Task<> write_later(Loop& loop, int fd) {
    co_await loop.next_round();
    ssize_t written = write(fd, "x", 1);
    (void)written;
}

TEST(Watch, EdgeWakesTheReader) {
    Loop loop;
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    OwnedFd one(ends[0]), other(ends[1]);
    Watch watch(loop, one.get());
    Gate gate(loop);
    gate.spawn(write_later(loop, other.get()));
    EXPECT_EQ(loop.run(read_when_ready(watch, one.get())), "x");
}

Task<> rounds_until(Loop& loop, const bool& over) {
    while (!over) co_await loop.next_round();
}

Task<> read_then(Watch& watch, int fd, bool& over) {
    std::string got = co_await read_when_ready(watch, fd);
    EXPECT_EQ(got, "x");
    over = true;
}

// However many rounds another asks for.
TEST(Loop, SocketsHaveTheirTurnInEachRound) {
    Loop loop;
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    OwnedFd one(ends[0]), other(ends[1]);
    Watch watch(loop, one.get());
    bool over = false;
    Gate gate(loop);
    gate.spawn(read_then(watch, one.get(), over));
    gate.spawn(write_later(loop, other.get()));
    loop.run(rounds_until(loop, over));
    EXPECT_TRUE(over);
}

TEST(Watch, TimeIsBounded) {
    Loop loop;
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    OwnedFd one(ends[0]), other(ends[1]);
    Watch watch(loop, one.get());
    watch.drained();
    auto wait = [](Watch& w) -> Task<bool> {
        bool ready = co_await w.readable(Milliseconds(5));
        co_return ready;
    };
    EXPECT_FALSE(loop.run(wait(watch)));
}

}  // namespace
}  // namespace ekiden::event
