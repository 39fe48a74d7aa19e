#include "authd/rates.h"

#include <gtest/gtest.h>

#include "authd/failures.h"

namespace ekiden::authd {
namespace {

using namespace std::literals;
using enum ipc::ClientEvent;

TEST(Rates, CountsWithinTheTimeUnit) {
    ManualClock clock(0);
    Rates rates(clock, 60s, 10);
    EXPECT_EQ(rates.count(1, "smtp", "192.0.2.1", message).rate, 1u);
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", message).rate, 2u) << "over all workers";
    EXPECT_EQ(rates.count(1, "smtp", "192.0.2.1", recipient).rate, 1u);
    EXPECT_EQ(rates.count(1, "submission", "192.0.2.1", message).rate, 1u);
    EXPECT_EQ(rates.count(1, "smtp", "192.0.2.2", message).rate, 1u);
    clock.advance(59s);
    EXPECT_EQ(rates.count(1, "smtp", "192.0.2.1", message).rate, 3u);
    clock.advance(1s);
    EXPECT_EQ(rates.count(1, "smtp", "192.0.2.1", message).rate, 1u);
}

TEST(Rates, ConnectionsGoWithTheirWorker) {
    ManualClock clock(0);
    Rates rates(clock, 60s, 10);
    rates.count(1, "smtp", "192.0.2.1", connect);
    rates.count(1, "smtp", "192.0.2.1", connect);
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", connect).connections, 3u);
    rates.gone(1, "smtp", "192.0.2.1");
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", message).connections, 2u);
    rates.worker_gone(1);
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", message).connections, 1u);
    rates.gone(1, "smtp", "192.0.2.1");
    rates.gone(3, "smtp", "192.0.2.1");
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", message).connections, 1u)
        << "nobody ends another's connections";
    EXPECT_EQ(rates.count(2, "smtp", "192.0.2.1", disconnect).connections, 0u);
}

TEST(Rates, IdleClientsAreBounded) {
    ManualClock clock(0);
    Rates rates(clock, 60s, 10);
    rates.count(1, "smtp", "kept", connect);
    for (int i = 0; i < 1000; ++i) rates.count(1, "smtp", std::to_string(i), message);
    EXPECT_EQ(rates.clients(), 11u);
    EXPECT_EQ(rates.count(1, "smtp", "kept", message).connections, 1u);
    for (int i = 0; i < 1000; ++i) rates.count(1, "smtp", std::to_string(i), connect);
    EXPECT_EQ(rates.clients(), 1011u - 10u + 0u);
    rates.worker_gone(1);
    EXPECT_EQ(rates.clients(), 10u);
}

TEST(Failures, DelayGrowsAndEndsWithItsWindow) {
    ManualClock clock(0);
    Failures failures(clock, {2000ms, 15000ms, 6, 0, 600s}, 100);
    EXPECT_EQ(failures.record("192.0.2.1", "a"), 2000ms);
    EXPECT_EQ(failures.record("192.0.2.1", "b"), 4000ms);
    EXPECT_EQ(failures.record("192.0.2.1", "c"), 8000ms);
    EXPECT_EQ(failures.record("192.0.2.1", "d"), 15000ms);
    EXPECT_EQ(failures.record("192.0.2.2", "e"), 2000ms) << "others do not suffer";
    EXPECT_FALSE(failures.refused("192.0.2.1"));
    failures.record("192.0.2.1", "f");
    failures.record("192.0.2.1", "g");
    EXPECT_TRUE(failures.refused("192.0.2.1"));
    EXPECT_FALSE(failures.refused("192.0.2.2"));
    clock.advance(600s);
    EXPECT_FALSE(failures.refused("192.0.2.1"));
    EXPECT_EQ(failures.record("192.0.2.1", "a"), 2000ms);
}

TEST(Failures, AGuessedNameIsSlowFromEverywhere) {
    ManualClock clock(0);
    Failures failures(clock, {2000ms, 15000ms, 0, 3, 600s}, 100);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(failures.record("192.0.2." + std::to_string(i), "bob"), 2000ms);
    EXPECT_EQ(failures.record("192.0.2.9", "bob"), 15000ms);
    EXPECT_EQ(failures.of_user("bob"), 4);
}

TEST(Failures, AnIpv6NetworkIsOneAddress) {
    ManualClock clock(0);
    Failures failures(clock, {2000ms, 15000ms, 2, 0, 600s}, 100);
    failures.record("2001:db8::1", "a");
    failures.record("2001:db8::2", "b");
    EXPECT_TRUE(failures.refused("2001:db8::3"));
    EXPECT_FALSE(failures.refused("2001:db8:0:1::3"));
}

}  // namespace
}  // namespace ekiden::authd
