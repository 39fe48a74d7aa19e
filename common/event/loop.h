#pragma once
// The event loop of a process: one libevent base, and the few things a coroutine can wait for. A coroutine is
// resumed only by the loop itself, never from inside the call that made it ready; so whoever notifies need
// not fear re-entry.
//
// Everything here belongs to the loop's own thread. Threads of an Offload pool speak to it through
// Loop::wake_up.
#include <event2/event.h>
#include <event2/event_struct.h>

#include <chrono>
#include <coroutine>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/base/deadline.h"
#include "common/base/owned_fd.h"
#include "common/event/task.h"

namespace ekiden::event {

class Loop;

// A coroutine that is to be resumed by the loop, once the callback that runs now has ended; forgotten when
// this goes.
class Resumption {
  public:
    explicit Resumption(Loop& loop) : loop_(loop) {}
    Resumption(const Resumption&) = delete;
    Resumption& operator=(const Resumption&) = delete;
    ~Resumption() { cancel(); }
    void schedule(std::coroutine_handle<> handle);
    void cancel();
    bool scheduled() const { return place_.has_value(); }

  private:
    friend class Loop;
    Loop& loop_;
    std::coroutine_handle<> handle_;
    std::optional<std::list<Resumption*>::iterator> place_;
};

// Calls back once after a time, or not at all when it is stopped or destroyed before.
class Timer {
  public:
    Timer(Loop& loop, std::function<void()> expired);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();
    void start(Milliseconds after);
    void stop();

  private:
    ::event event_;
    std::function<void()> expired_;
};

class Loop {
  public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    // Until stop().
    void run();
    void stop();
    // Runs until the task is done and gives its result: for programs that do one thing, and for tests.
    template <class T>
    T run(Task<T> task) {
        task.start();
        while (!task.done()) run_once();
        return task.result();
    }
    // Waits for events once and handles them.
    void run_once();

    // co_await loop.sleep(d): goes on after that time.
    auto sleep(Milliseconds time) { return Pause(*this, time, time <= Milliseconds(0)); }

    // co_await loop.next_round(): goes on after sockets and timers that are ready by then had their turn,
    // unlike a Resumption, which comes before them.
    auto next_round() { return Pause(*this, Milliseconds(0), false); }

    event_base* base() { return base_.get(); }

  private:
    friend class Resumption;
    struct Pause {
        Timer timer;
        Milliseconds time;
        bool over;
        std::coroutine_handle<> awaiter;
        Pause(Loop& loop, Milliseconds t, bool is_over)
            : timer(loop, [this] { awaiter.resume(); }), time(t), over(is_over) {}
        bool await_ready() const { return over; }
        void await_suspend(std::coroutine_handle<> handle) {
            awaiter = handle;
            timer.start(time);
        }
        void await_resume() {}
    };
    void resume_scheduled();
    struct FreeBase {
        void operator()(event_base* base) const { event_base_free(base); }
    };
    std::unique_ptr<event_base, FreeBase> base_;
    ::event resume_event_;
    std::list<Resumption*> scheduled_;
    bool stopped_ = false;
};

// Waiters for "something changed": each wait ends at the next notify or after its time.
class Signal {
  public:
    explicit Signal(Loop& loop) : loop_(loop) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void notify_all();
    // co_await signal.wait(d): true when notified, false after that time.
    auto wait(Milliseconds time) { return Awaiter(*this, time); }
    // co_await signal.until(condition, d): true once condition() is, looked at now and after each notify;
    // false when it is not within that time.
    template <class Condition>
    Task<bool> until(Condition condition, Milliseconds time) {
        const Deadline deadline(time);
        while (!condition()) {
            if (deadline.passed()) co_return false;
            co_await wait(deadline.left());
        }
        co_return true;
    }
    bool awaited() const { return !waiting_.empty(); }

  private:
    struct Awaiter {
        Signal& signal;
        Milliseconds time;
        Timer timer;
        Resumption resumption;
        std::coroutine_handle<> awaiter;
        std::optional<std::list<Awaiter*>::iterator> place;
        bool notified = false;

        Awaiter(Signal& s, Milliseconds t)
            : signal(s), time(t), timer(s.loop_, [this] { expire(); }), resumption(s.loop_) {}
        Awaiter(const Awaiter&) = delete;
        ~Awaiter() { leave(); }
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) {
            awaiter = handle;
            place = signal.waiting_.insert(signal.waiting_.end(), this);
            timer.start(time);
        }
        bool await_resume() const { return notified; }
        void leave() {
            if (place) signal.waiting_.erase(*place);
            place.reset();
        }
        void expire() {
            leave();
            awaiter.resume();
        }
    };
    Loop& loop_;
    std::list<Awaiter*> waiting_;
};

// Readiness of one descriptor, registered once (edge-triggered) for as long as it lives, so that waiting
// costs no system call. The rule of edges: wait only after the kernel said EAGAIN or gave less than was asked
// for. Must go before the descriptor is closed or given away. One reader and one writer may wait at a time.
class Watch {
  public:
    Watch(Loop& loop, int fd);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    // co_await watch.readable(d): false after that time.
    auto readable(Milliseconds time) { return Awaiter(read_, time, loop_); }
    auto writable(Milliseconds time) { return Awaiter(write_, time, loop_); }
    // The kernel just said that there is nothing: only an edge makes it ready again. (Once the peer has ended
    // its side there are no more edges, and reading always gives an answer.)
    void drained() { read_.ready = hung_up_; }
    // The peer has ended its side.
    bool hung_up() const { return hung_up_; }
    // False: a read would only say EAGAIN.
    bool maybe_readable() const { return read_.ready; }
    void full() { write_.ready = false; }

  private:
    struct Side {
        bool ready = true;  // until the kernel says otherwise
        std::coroutine_handle<> awaiter;
    };
    struct Awaiter {
        Side& side;
        Milliseconds time;
        Timer timer;
        bool expired = false;
        Awaiter(Side& s, Milliseconds t, Loop& loop) : side(s), time(t), timer(loop, [this] { expire(); }) {}
        Awaiter(const Awaiter&) = delete;
        ~Awaiter() { side.awaiter = {}; }
        bool await_ready() const { return side.ready; }
        void await_suspend(std::coroutine_handle<> handle) {
            side.awaiter = handle;
            timer.start(time);
        }
        bool await_resume() const { return !expired; }
        void expire() {
            expired = true;
            std::exchange(side.awaiter, {}).resume();
        }
    };
    static void on_edge(int fd, short what, void* self);
    Loop& loop_;
    ::event event_;
    Side read_, write_;
    bool hung_up_ = false;
};

// A Unix signal as something to wait for, through the loop.
class UnixSignal {
  public:
    UnixSignal(Loop& loop, int number, std::function<void()> arrived);
    UnixSignal(const UnixSignal&) = delete;
    UnixSignal& operator=(const UnixSignal&) = delete;
    ~UnixSignal();

  private:
    ::event event_;
    std::function<void()> arrived_;
};

}  // namespace ekiden::event
