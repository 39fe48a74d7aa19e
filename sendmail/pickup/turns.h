#pragma once
// Questions that are asked one after the other, however many ask at the same time. One that has begun keeps
// its turn until it is answered, even when its asker has gone; else to go and come again would be a way to
// have many under way.
#include <functional>
#include <memory>
#include <optional>

#include "common/base/error.h"
#include "common/event/gate.h"
#include "common/event/loop.h"

namespace ekiden::pickup {

class Turns {
  public:
    // `running` keeps what has begun, and ends it before these go.
    Turns(event::Loop& loop, event::Gate& running) : loop_(loop), running_(running), free_(loop) {}
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // Asks `question`, which must come to an end by itself, when nobody else's is under way. Temporary error:
    // it was not its turn within `time`.
    template <class Answer>
    Task<Result<Answer>> take(std::function<Task<Result<Answer>>()> question, Milliseconds time) {
        bool mine = co_await free_.until([this] { return !taken_; }, time);
        if (!mine) co_return temporary("many ask at this moment: try again later");
        taken_ = true;
        auto asked = std::make_shared<Asked<Answer>>(loop_);
        running_.spawn(ask(std::move(question), asked));
        while (!asked->answer) co_await asked->answered.wait(std::chrono::hours(1));
        co_return std::move(*asked->answer);
    }

  private:
    template <class Answer>
    struct Asked {
        explicit Asked(event::Loop& loop) : answered(loop) {}
        std::optional<Result<Answer>> answer;
        event::Signal answered;
    };
    // Its end frees the place and wakes the asker, however it comes.
    template <class Answer>
    struct Turn {
        Turns& turns;
        std::shared_ptr<Asked<Answer>> asked;
        Turn(Turns& all, std::shared_ptr<Asked<Answer>> one) : turns(all), asked(std::move(one)) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            turns.taken_ = false;
            turns.free_.notify_all();
            if (!asked->answer) asked->answer = temporary("internal error");
            asked->answered.notify_all();
        }
    };
    template <class Answer>
    Task<> ask(std::function<Task<Result<Answer>>()> question, std::shared_ptr<Asked<Answer>> asked) {
        Turn<Answer> turn(*this, std::move(asked));
        Result<Answer> answer = co_await question();
        turn.asked->answer = std::move(answer);
    }

    event::Loop& loop_;
    event::Gate& running_;
    bool taken_ = false;
    event::Signal free_;
};

}  // namespace ekiden::pickup
