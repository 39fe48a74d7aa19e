#pragma once
// A small bounded pool of threads for what blocks long: fdatasync, SQLite writes, Argon2. Start it after the
// process is confined (Landlock is per thread). Jobs touch only what they were given; the result comes back
// through the loop.
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/error.h"
#include "common/event/loop.h"

namespace ekiden::event {

namespace detail {
template <class T>
struct Flatten {
    using type = Result<T>;
};
template <class T>
struct Flatten<Result<T>> {
    using type = Result<T>;
};
}  // namespace detail

class Offload {
  public:
    // `queue_limit`: jobs that may wait for a thread; beyond that run() answers with a temporary error.
    Offload(Loop& loop, unsigned threads, std::size_t queue_limit);
    std::size_t threads() const { return threads_.size(); }
    Offload(const Offload&) = delete;
    Offload& operator=(const Offload&) = delete;
    // Waits for the jobs that run; those that wait are dropped, and their awaiters must be gone by then.
    ~Offload();

    // co_await pool.run(f): what f returns, as a Result (a Result stays as it is). The job goes on when its
    // awaiter is destroyed meanwhile; its result is then dropped, so f must own what it works on.
    template <class F>
    auto run(F job) -> Task<typename detail::Flatten<std::invoke_result_t<F&>>::type>;

    std::size_t waiting() const;

  private:
    struct Job {
        std::function<void()> work;
        std::shared_ptr<void> state;
        std::function<void()> finished;  // on the loop's thread
    };
    bool submit(Job job);
    void work();
    void collect();

    Loop& loop_;
    const std::size_t queue_limit_;
    mutable std::mutex mutex_;
    std::condition_variable available_;
    std::deque<Job> jobs_;
    std::vector<Job> done_;
    bool stopping_ = false;
    OwnedFd wake_;
    ::event wake_event_;
    std::vector<std::thread> threads_;
};

template <class F>
auto Offload::run(F job) -> Task<typename detail::Flatten<std::invoke_result_t<F&>>::type> {
    using R = typename detail::Flatten<std::invoke_result_t<F&>>::type;
    struct State {
        State(F f, Loop& loop) : function(std::move(f)), finished(loop) {}
        F function;
        std::optional<R> result;  // the thread's until `done`
        bool done = false;        // the loop's
        Signal finished;
    };
    auto state = std::make_shared<State>(std::move(job), loop_);
    State* raw = state.get();
    auto work = [raw] {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
                raw->function();
                raw->result.emplace();
            } else {
                raw->result.emplace(raw->function());
            }
        } catch (const std::exception& failure) {
            raw->result.emplace(temporary(failure.what()));
        }
    };
    auto tell = [raw] {
        raw->done = true;
        raw->finished.notify_all();
    };
    if (!submit({work, state, tell})) co_return temporary("too much is waiting for a thread");
    while (!raw->done) co_await raw->finished.wait(std::chrono::hours(1));
    co_return std::move(*raw->result);
}

}  // namespace ekiden::event
