#pragma once
// The generator's event loop: one thread, epoll, edge-triggered. It shares no code with the servers, so that
// a change of theirs never changes the yardstick. A handler belongs to whoever made it and leaves the loop by
// closing its descriptor; `defer` runs something after the events at hand, when no handler is on the stack.
#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace ekiden::load {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what);  // prints what and errno, exits with 1

class Handler {
  public:
    virtual void ready() = 0;

  protected:
    ~Handler() = default;
};

class Loop {
  public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // From now on `handler` hears of every change of `descriptor`, until that is closed.
    void add(int descriptor, Handler& handler);
    void defer(std::function<void()> work) { deferred_.push_back(std::move(work)); }

    // Until `stop`, or until `deadline` has passed: then false.
    bool run(Clock::time_point deadline);
    void stop() { stopped_ = true; }

  private:
    void run_deferred();

    int epoll_;
    bool stopped_ = false;
    std::vector<std::function<void()>> deferred_;
};

}  // namespace ekiden::load
