// Group commit. Limits: a batch takes at most batch_limit operations, so that one who comes during a flood of
// outcomes waits for one flush more, not for all of them.
#include "queue/manager/writer.h"

#include <utility>

#include "queue/manager/fatal.h"

namespace ekiden::queue {
namespace {

constexpr std::size_t batch_limit = 500;
constexpr std::size_t jobs_limit = 10'000;  // batches and readings that wait for the thread

std::size_t octets_in(const Operation& operation) {
    const auto* accept = std::get_if<Accept>(&operation);
    return accept != nullptr && accept->message.content ? accept->message.content->size() : 0;
}

// Shared with the job, so that the operations come back also when the job fails.
struct Written {
    std::vector<Operation> batch;
    std::vector<Result<std::int64_t>> results;
};

}  // namespace

Writer::Writer(event::Loop& loop, Spool spool)
    : loop_(loop),
      spool_(std::move(spool)),
      arrived_(loop),
      thread_(loop, 1, jobs_limit),
      gate_(loop, stop_at) {
    gate_.spawn(write_batches());
}

Writer::~Writer() { gate_.clear(); }

void Writer::submit(Operation operation, Then then) {
    octets_ += octets_in(operation);
    waiting_.push_back({std::move(operation), std::move(then)});
    arrived_.notify_all();
}

Task<Result<std::int64_t>> Writer::apply(Operation operation) {
    Applied applied = co_await apply_and_return(std::move(operation));
    co_return std::move(applied.value);
}

Task<Writer::Applied> Writer::apply_and_return(Operation operation) {
    struct Answer {
        explicit Answer(event::Loop& loop) : arrived(loop) {}
        std::optional<Applied> applied;
        event::Signal arrived;
    };
    auto answer = std::make_shared<Answer>(loop_);
    submit(std::move(operation), [answer](Result<std::int64_t> result, Operation& done) {
        answer->applied.emplace(std::move(result), std::move(done));
        answer->arrived.notify_all();
    });
    while (!answer->applied) co_await answer->arrived.wait(std::chrono::hours(1));
    co_return std::move(*answer->applied);
}

Task<> Writer::write_batches() {
    while (true) {
        if (waiting_.empty()) {
            co_await arrived_.wait(std::chrono::hours(1));
            continue;
        }
        std::size_t count = std::min(waiting_.size(), batch_limit);
        auto written = std::make_shared<Written>();
        std::vector<Then> told;
        written->batch.reserve(count);
        told.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            octets_ -= octets_in(waiting_[i].operation);
            written->batch.push_back(std::move(waiting_[i].operation));
            told.push_back(std::move(waiting_[i].then));
        }
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
        under_way_ = count;
        auto job = [this, written] { written->results = spool_.apply(written->batch); };
        Result<> done = co_await thread_.run(std::move(job));
        under_way_ = 0;
        for (std::size_t i = 0; i < count; ++i)
            told[i](done ? std::move(written->results[i]) : Result<std::int64_t>(pass(done)),
                    written->batch[i]);
    }
}

}  // namespace ekiden::queue
