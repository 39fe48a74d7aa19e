#include "common/process/visitors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "common/ipc/messages/all.h"

namespace ekiden::process {
namespace {

using namespace std::chrono_literals;

// A service that everybody may visit. It answers a question about the queue when it is told to.
struct House {
    event::Loop loop;
    ipc::Dispatcher dispatcher, nothing;
    event::Signal changed{loop};
    bool answering = true;
    std::size_t asked = 0;
    ipc::Bounds bounds = Visitors::bounds_of_users;
    std::optional<Visitors> visitors;
    // Neither root nor who runs this test: they are let in always.
    const std::uint32_t stranger = geteuid() + 1000, other = geteuid() + 1001;

    House() {
        dispatcher.answer<ipc::ListQueue>([this](ipc::ListQueue, ipc::Sender) {
            ++asked;
            return answer_when_told();
        });
    }
    Task<Result<ipc::QueuePage>> answer_when_told() {
        bool told = co_await changed.until([this] { return answering; }, 30s);
        if (!told) co_return temporary("was not told to answer");
        co_return ipc::QueuePage{{}, ""};
    }
    void open() { visitors.emplace(loop, ipc::Service::pickup, dispatcher, true, bounds); }
    // The far end of a connection of that user.
    OwnedFd visit(std::uint32_t uid) {
        int fds[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        visitors->admit(OwnedFd(fds[1]), ucred{getpid(), uid, getegid()});
        return OwnedFd(fds[0]);
    }
    std::unique_ptr<ipc::Channel> channel(OwnedFd fd) {
        return std::make_unique<ipc::Channel>(loop, std::move(fd), ipc::Service::user,
                                              ipc::Sender{ipc::Service::pickup}, nothing,
                                              [](ipc::Channel&) {});
    }
    static bool ended(const OwnedFd& far) {
        char octet;
        ssize_t got = recv(far.get(), &octet, 1, MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN);
    }
    // The connection is ended from there before that much time is over.
    bool ends(const OwnedFd& far, Milliseconds time) {
        const Deadline deadline(time);
        while (!ended(far) && !deadline.passed()) loop.run_once();
        return ended(far);
    }
};

TEST(Visitors, AUserHasFourConnectionsAndOthersHaveTheirs) {
    House house;
    house.open();
    std::vector<OwnedFd> first;
    for (int i = 0; i < 4; ++i) first.push_back(house.visit(house.stranger));
    EXPECT_TRUE(House::ended(house.visit(house.stranger))) << "a fifth";
    for (const OwnedFd& each : first) EXPECT_FALSE(House::ended(each));
    EXPECT_FALSE(House::ended(house.visit(house.other)));
    EXPECT_FALSE(House::ended(house.visit(0)));
    OwnedFd gone = std::move(first.back());
    first.pop_back();
    gone.reset();
    bool again = false;  // once its end was noticed
    for (const Deadline deadline(20s); !again && !deadline.passed(); house.loop.run_once())
        again = !House::ended(house.visit(house.stranger));
    EXPECT_TRUE(again) << "its place is free";
}

TEST(Visitors, AllTogetherHaveSoManyPlaces) {
    House house;
    house.open();
    std::vector<OwnedFd> all;
    for (std::uint32_t uid = house.stranger; house.visitors->room() && all.size() < 1000; ++uid)
        all.push_back(house.visit(uid));
    EXPECT_EQ(all.size(), 32u);
    for (const OwnedFd& each : all) EXPECT_FALSE(House::ended(each));
}

TEST(Visitors, WhoAsksNothingIsSentAway) {
    House house;
    house.bounds.idle = 50ms;
    house.open();
    OwnedFd silent = house.visit(house.stranger);
    EXPECT_TRUE(house.ends(silent, 20s));
    EXPECT_TRUE(house.visitors->room());
}

TEST(Visitors, WhoWaitsForAnAnswerIsNot) {
    House house;
    house.bounds.idle = 50ms;
    house.answering = false;
    house.open();
    auto asker = house.channel(house.visit(house.stranger));
    Task<Result<ipc::QueuePage>> answer = asker->ask(ipc::ListQueue{"", 10}, 30s);
    answer.start();
    while (house.asked == 0) house.loop.run_once();
    // Two of them in a row had their time meanwhile.
    EXPECT_TRUE(house.ends(house.visit(house.other), 20s));
    EXPECT_TRUE(house.ends(house.visit(house.other), 20s));
    house.answering = true;
    house.changed.notify_all();
    while (!answer.done()) house.loop.run_once();
    EXPECT_TRUE(answer.result());
}

TEST(Visitors, AUserHasOneQuestionUnderWay) {
    House house;
    house.answering = false;
    house.open();
    auto asker = house.channel(house.visit(house.stranger));
    Task<Result<ipc::QueuePage>> first = asker->ask(ipc::ListQueue{"", 10}, 30s);
    Task<Result<ipc::QueuePage>> second = asker->ask(ipc::ListQueue{"", 10}, 30s);
    first.start();
    second.start();
    while (!first.done() || !second.done()) house.loop.run_once();
    EXPECT_EQ(house.asked, 1u);
    EXPECT_FALSE(asker->open());
}

}  // namespace
}  // namespace ekiden::process
