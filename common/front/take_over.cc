#include "common/front/take_over.h"

namespace ekiden::front {
namespace {

// Shared, for either may go first: the answer with the front's channel, the session with its client.
struct Lifeline {
    explicit Lifeline(event::Loop& loop) : changed(loop) {}
    event::Signal changed;
    bool ended = false;
};

// Ends the lifeline also when the session's task is destroyed.
class AtEnd {
  public:
    explicit AtEnd(std::shared_ptr<Lifeline> lifeline) : lifeline_(std::move(lifeline)) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() {
        lifeline_->ended = true;
        lifeline_->changed.notify_all();
    }

  private:
    std::shared_ptr<Lifeline> lifeline_;
};

Task<> serve(Task<> session, std::shared_ptr<Lifeline> lifeline) {
    AtEnd at_end(std::move(lifeline));
    co_await std::move(session);
}

}  // namespace

Task<Result<ipc::Done>> take_over(process::Worker& worker, Task<> session) {
    auto lifeline = std::make_shared<Lifeline>(worker.loop());
    worker.sessions().spawn(serve(std::move(session), lifeline));
    while (!lifeline->ended) co_await lifeline->changed.wait(std::chrono::hours(1));
    co_return ipc::Done{};
}

}  // namespace ekiden::front
