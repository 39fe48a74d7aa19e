#include "sendmail/pickup/turns.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ekiden::pickup {
namespace {

using namespace std::chrono_literals;

struct Askers {
    event::Loop loop;
    event::Gate running{loop};
    event::Signal answer{loop};
    int begun = 0, to_answer = 0;
    Turns turns{loop, running};

    Task<Result<int>> question() {
        int number = ++begun;
        if (number == 13) throw std::runtime_error("thirteen");
        co_await answer.until([this, number] { return to_answer >= number; }, 30s);
        co_return number;
    }
    Task<Result<int>> ask(Milliseconds time = 30s) {
        return turns.take<int>([this] { return question(); }, time);
    }
    void answer_up_to(int number) {
        to_answer = number;
        answer.notify_all();
    }
};

TEST(Turns, OneIsAskedAfterTheOther) {
    Askers askers;
    Task<Result<int>> first = askers.ask(), second = askers.ask();
    first.start();
    second.start();
    EXPECT_EQ(askers.begun, 1);
    askers.answer_up_to(1);
    while (!first.done() || askers.begun < 2) askers.loop.run_once();
    EXPECT_FALSE(second.done());
    askers.answer_up_to(2);
    while (!second.done()) askers.loop.run_once();
    EXPECT_EQ(first.result().value(), 1);
    EXPECT_EQ(second.result().value(), 2);
}

TEST(Turns, WhoGoesDoesNotMakeRoomForAnother) {
    Askers askers;
    auto gone = std::make_unique<Task<Result<int>>>(askers.ask());
    gone->start();
    gone.reset();
    EXPECT_FALSE(askers.loop.run(askers.ask(10ms))) << "the first is still under way";
    EXPECT_EQ(askers.begun, 1);
    askers.answer_up_to(2);
    Result<int> next = askers.loop.run(askers.ask());
    EXPECT_EQ(next.value(), 2);
}

TEST(Turns, AQuestionThatFailsEndsItsTurn) {
    Askers askers;
    askers.begun = 12;
    askers.to_answer = 100;
    Result<int> failed = askers.loop.run(askers.ask());
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().temporary());
    EXPECT_EQ(askers.loop.run(askers.ask()).value(), 14);
}

}  // namespace
}  // namespace ekiden::pickup
