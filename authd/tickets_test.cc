#include "authd/tickets.h"

#include <gtest/gtest.h>

#include <set>

#include "authd/challenges.h"
#include "common/sasl/random.h"

namespace ekiden::authd {
namespace {

using namespace std::literals;

TEST(Tickets, GoodOnceForItsServiceForSeconds) {
    sasl::initialize();
    ManualClock clock(0);
    Tickets tickets(clock, 30s, 100);
    std::string ticket = tickets.issue({"bob@example.test", "pop3", "192.0.2.1"});
    EXPECT_EQ(ticket.size(), 32u);
    EXPECT_EQ(tickets.redeem(ticket, "pop3").value().login, "bob@example.test");
    EXPECT_FALSE(tickets.redeem(ticket, "pop3")) << "used";
    EXPECT_FALSE(tickets.redeem("", "pop3"));

    std::string other = tickets.issue({"bob@example.test", "pop3", "192.0.2.1"});
    EXPECT_FALSE(tickets.redeem(other, "imap"));
    EXPECT_FALSE(tickets.redeem(other, "pop3")) << "a wrong attempt ends it";

    std::string late = tickets.issue({"bob@example.test", "pop3", "192.0.2.1"});
    clock.advance(30s);
    EXPECT_FALSE(tickets.redeem(late, "pop3"));
    EXPECT_EQ(tickets.open(), 0u);
}

TEST(Tickets, EndWithTheAccountAndAreBounded) {
    sasl::initialize();
    ManualClock clock(0);
    Tickets tickets(clock, 30s, 3);
    std::string bob = tickets.issue({"bob@example.test", "pop3", ""});
    std::string eve = tickets.issue({"eve@example.test", "pop3", ""});
    tickets.revoke("bob@example.test");
    EXPECT_FALSE(tickets.redeem(bob, "pop3"));
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) all.insert(tickets.issue({"x@example.test", "pop3", ""}));
    EXPECT_EQ(all.size(), 100u);
    EXPECT_EQ(tickets.open(), 3u);
    EXPECT_FALSE(tickets.redeem(eve, "pop3")) << "gave way";
}

TEST(Challenges, GoodOnce) {
    sasl::initialize();
    ManualClock clock(1'700'000'000'000'000);
    Secret key(std::string(32, 'k'));
    Challenges challenges(clock, key, "mail.example.test", 10);
    std::string challenge = challenges.issue();
    EXPECT_TRUE(challenge.starts_with('<') && challenge.ends_with("@mail.example.test>")) << challenge;
    EXPECT_LT(challenge.size(), 100u);
    EXPECT_NE(challenge, challenges.issue());
    EXPECT_TRUE(challenges.use(challenge));
    EXPECT_FALSE(challenges.use(challenge));
}

TEST(Challenges, SurviveARestartButNotAWeek) {
    sasl::initialize();
    ManualClock clock(1'700'000'000'000'000);
    Secret key(std::string(32, 'k'));
    std::string first = Challenges(clock, key, "h.test", 10).issue(),
                second = Challenges(clock, key, "h.test", 10).issue();
    Challenges restarted(clock, key, "h.test", 10);
    EXPECT_TRUE(restarted.use(first));
    clock.advance(limits::challenge_age + 1s);
    EXPECT_FALSE(restarted.use(second));
}

TEST(Challenges, OnlyOurOwn) {
    sasl::initialize();
    ManualClock clock(1'700'000'000'000'000);
    Challenges ours(clock, Secret(std::string(32, 'k')), "h.test", 10);
    Challenges others(clock, Secret(std::string(32, 'o')), "h.test", 10);
    EXPECT_FALSE(ours.use(others.issue()));
    std::string good = ours.issue();
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(ours.use(changed)) << changed;
    }
    for (std::string_view bad :
         {"", "<", "<>", "<@h.test>", "<..@h.test>", "<1.2@h.test>", "<1896.697170952@h.test>"})
        EXPECT_FALSE(ours.use(bad)) << bad;
    EXPECT_TRUE(ours.use(good));
}

}  // namespace
}  // namespace ekiden::authd
