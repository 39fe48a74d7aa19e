#include "common/ipc/peers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "common/ipc/messages/log.h"
#include "common/ipc/messages/router.h"

namespace ekiden::ipc {
namespace {

using namespace std::chrono_literals;

// A worker of the router at the other end, which answers with its own name.
struct Router {
    Dispatcher dispatcher;
    std::unique_ptr<Channel> channel;
    Router(event::Loop& loop, Peers& peers, std::uint32_t worker, std::uint64_t incarnation, std::string text,
           bool draining = false) {
        int fds[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        dispatcher.answer<VerifyRecipient>(
            [text](VerifyRecipient, Sender) -> Task<Result<RecipientVerdict>> { return verdict(text); });
        channel = std::make_unique<Channel>(loop, OwnedFd(fds[0]), Service::router, Sender{Service::smtpd},
                                            dispatcher, [](Channel&) {});
        peers.add(PeerEnd{Service::router, worker, incarnation, 1, text, draining, OwnedFd(fds[1])});
    }
    static Task<Result<RecipientVerdict>> verdict(std::string text) {
        co_return RecipientVerdict{AddressClass::remote, true, 250, text};
    }
};

struct PeersTest : testing::Test {
    event::Loop loop;
    Dispatcher none;
    Peers peers{loop, Service::smtpd, none};
    std::vector<std::uint64_t> lost, closed;
    PeersTest() {
        peers.on_lost([this](const Sender& sender) { lost.push_back(sender.incarnation); });
        peers.on_closed([this](const Sender& sender) { closed.push_back(sender.incarnation); });
    }
    std::string asked() {
        Result<RecipientVerdict> verdict =
            loop.run(peers[Service::router].ask(VerifyRecipient{"a@b", ""}, 5s));
        return verdict ? verdict->text : verdict.error().text;
    }
};

TEST_F(PeersTest, ADrainingWorkerGetsNoNewWork) {
    Router old(loop, peers, 0, 1, "old");
    EXPECT_EQ(asked(), "old");
    peers.retire({Service::router, 0, 1});
    EXPECT_FALSE(peers[Service::router].present());
    Router fresh(loop, peers, 0, 2, "fresh");  // the same number, as services with one worker have it
    for (int i = 0; i < 3; ++i) EXPECT_EQ(asked(), "fresh");
    EXPECT_TRUE(old.channel->open());
    old.channel.reset();
    while (lost.empty()) loop.run_once();
    EXPECT_EQ(lost, std::vector<std::uint64_t>{1});
    EXPECT_TRUE(closed.empty()) << "nobody asks for a fresh channel to it";
    EXPECT_EQ(asked(), "fresh");
}

TEST_F(PeersTest, ADrainingWorkerIsToldWhenNothingMoreComes) {
    Router old(loop, peers, 0, 1, "old");
    EXPECT_EQ(asked(), "old");
    EXPECT_FALSE(loop.run(old.channel->last(1ms)));
    peers.retire({Service::router, 0, 1});
    EXPECT_TRUE(loop.run(old.channel->last(1h)));
    EXPECT_TRUE(old.channel->open());
}

// It may ask, and is not asked.
TEST_F(PeersTest, AChannelToAWorkerThatDrainsAlready) {
    Router old(loop, peers, 0, 1, "old", true);
    EXPECT_FALSE(peers[Service::router].present());
    EXPECT_TRUE(loop.run(old.channel->last(1h)));
    EXPECT_TRUE(old.channel->open());
}

// The draining worker's own view: what was on its way is heard first; who is gone is not waited for.
TEST_F(PeersTest, HearsEverybodyOut) {
    Router first(loop, peers, 0, 1, "first"), second(loop, peers, 1, 2, "second");
    EXPECT_FALSE(loop.run(peers.all_heard_out(1ms)));
    first.channel->say_last();
    EXPECT_FALSE(loop.run(peers.all_heard_out(20ms))) << "the other has not said it";
    second.channel.reset();
    EXPECT_TRUE(loop.run(peers.all_heard_out(1h)));
}

// The successor of a single worker is tried while that one serves: the old one's channel stays.
TEST_F(PeersTest, AWorkerAndItsSuccessorAreThereTogether) {
    Router old(loop, peers, 0, 1, "old");
    EXPECT_EQ(asked(), "old");
    Router fresh(loop, peers, 0, 2, "fresh");
    EXPECT_EQ(asked(), "fresh");
    fresh.channel.reset();  // the trial failed
    while (lost.empty()) loop.run_once();
    EXPECT_EQ(asked(), "old");
}

// A worker that ends answers what it was asked before.
TEST_F(PeersTest, WaitsUntilAllIsAnswered) {
    event::Signal may(loop);
    bool answer = false;
    none.answer<VerifyRecipient>([&](VerifyRecipient, Sender) -> Task<Result<RecipientVerdict>> {
        co_await may.until([&] { return answer; }, 1h);
        co_return RecipientVerdict{};
    });
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    Peers routers(loop, Service::router, none);
    routers.add(PeerEnd{Service::smtpd, 0, 9, 1, "", false, OwnedFd(fds[1])});
    Dispatcher nothing;
    Channel asker(loop, OwnedFd(fds[0]), Service::smtpd, Sender{Service::router}, nothing, [](Channel&) {});
    event::Gate gate(loop);
    gate.spawn([](Channel& channel) -> Task<> {
        (void)co_await channel.ask(VerifyRecipient{"a@b", ""}, 1h);
    }(asker));
    EXPECT_TRUE(loop.run(routers.all_answered(0ms))) << "nothing came yet";
    while (loop.run(routers.all_answered(0ms))) loop.run_once();
    answer = true;
    may.notify_all();
    EXPECT_TRUE(loop.run(routers.all_answered(1h)));
}

TEST_F(PeersTest, AnotherIncarnationIsNotRetired) {
    Router router(loop, peers, 0, 7, "seven");
    peers.retire({Service::router, 0, 6});
    EXPECT_EQ(asked(), "seven");
}

TEST_F(PeersTest, ALostChannelIsToldAndReplaced) {
    Router broken(loop, peers, 0, 1, "broken");
    EXPECT_EQ(asked(), "broken");
    broken.channel.reset();
    while (closed.empty()) loop.run_once();
    EXPECT_EQ(closed, std::vector<std::uint64_t>{1});
    EXPECT_EQ(lost, std::vector<std::uint64_t>{1});
    Router mended(loop, peers, 0, 1, "mended");
    EXPECT_EQ(asked(), "mended");
}

// A retired worker counts, too, and who is gone is not waited for.
TEST_F(PeersTest, TellsWhenAllIsSentToAll) {
    OwnedFd far[2];
    for (std::uint32_t worker : {0u, 1u}) {
        int fds[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        far[worker].reset(fds[0]);
        peers.add(PeerEnd{Service::logger, worker, 1, 1, "", false, OwnedFd(fds[1])});
        peers[Service::logger].tell(LogLine{0, 0, "event", std::string(1'000'000, 'x'), "{}"});
        peers.retire({Service::logger, worker, 1});
    }
    EXPECT_FALSE(loop.run(peers.all_sent(20ms)));
    far[0].reset();
    EXPECT_FALSE(loop.run(peers.all_sent(20ms))) << "the other has not";
    far[1].reset();
    EXPECT_TRUE(loop.run(peers.all_sent(1h)));
}

}  // namespace
}  // namespace ekiden::ipc
