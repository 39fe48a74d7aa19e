// libevent's callbacks end here; nothing above sees them.
#include "common/event/loop.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace ekiden::event {
namespace {

timeval to_timeval(Milliseconds time) {
    if (time < Milliseconds(0)) time = Milliseconds(0);
    return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

// Only programming errors and lack of memory fail here; a process without its events can do nothing sensible.
void must(int result, const char* what) {
    if (result != 0) throw std::runtime_error(fmt::format("libevent: {} failed", what));
}

event_base* new_base() {
    event_base* base = event_base_new();
    if (!base) throw std::runtime_error("libevent: no event base");
    return base;
}

}  // namespace

void Resumption::schedule(std::coroutine_handle<> handle) {
    handle_ = handle;
    if (place_) return;
    if (loop_.scheduled_.empty()) event_active(&loop_.resume_event_, EV_TIMEOUT, 0);
    place_ = loop_.scheduled_.insert(loop_.scheduled_.end(), this);
}

void Resumption::cancel() {
    if (place_) loop_.scheduled_.erase(*place_);
    place_.reset();
}

Timer::Timer(Loop& loop, std::function<void()> expired) : expired_(std::move(expired)) {
    auto callback = [](int, short, void* self) {
        auto expired = static_cast<Timer*>(self)->expired_;  // a copy: it may destroy the timer
        expired();
    };
    must(event_assign(&event_, loop.base(), -1, 0, callback, this), "event_assign");
}

Timer::~Timer() { event_del(&event_); }

void Timer::start(Milliseconds after) {
    timeval time = to_timeval(after);
    must(event_add(&event_, &time), "event_add");
}

void Timer::stop() { event_del(&event_); }

Loop::Loop() : base_(new_base()) {
    auto callback = [](int, short, void* self) { static_cast<Loop*>(self)->resume_scheduled(); };
    must(event_assign(&resume_event_, base_.get(), -1, 0, callback, this), "event_assign");
}

Loop::~Loop() { event_del(&resume_event_); }

void Loop::run() {
    stopped_ = false;
    while (!stopped_) run_once();
}

void Loop::stop() {
    stopped_ = true;
    event_base_loopbreak(base_.get());
}

void Loop::run_once() {
    int result = event_base_loop(base_.get(), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    if (result < 0) throw std::runtime_error("libevent: the loop failed");
}

void Loop::resume_scheduled() {
    // What the resumed schedule anew comes behind the other events that are ready now.
    std::size_t round = scheduled_.size();
    for (; round > 0 && !scheduled_.empty(); --round) {
        Resumption* next = scheduled_.front();
        next->cancel();
        next->handle_.resume();
    }
    if (!scheduled_.empty()) event_active(&resume_event_, EV_TIMEOUT, 0);
}

void Signal::notify_all() {
    while (!waiting_.empty()) {
        Awaiter* waiter = waiting_.front();
        waiter->leave();
        waiter->timer.stop();
        waiter->notified = true;
        waiter->resumption.schedule(waiter->awaiter);
    }
}

Watch::Watch(Loop& loop, int fd) : loop_(loop) {
    must(event_assign(&event_, loop.base(), fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_edge,
                      this),
         "event_assign");
    must(event_add(&event_, nullptr), "event_add");
}

Watch::~Watch() { event_del(&event_); }

void Watch::on_edge(int, short what, void* self) {
    auto* watch = static_cast<Watch*>(self);
    if (what & EV_CLOSED) watch->hung_up_ = true, what |= EV_READ;
    if (what & EV_READ) watch->read_.ready = true;
    if (what & EV_WRITE) watch->write_.ready = true;
    // A resumed coroutine may end and take this watch with it: nothing is touched after the last resume. The
    // writer is taken out first, for the same coroutine cannot wait on both sides.
    std::coroutine_handle<> reader = what & EV_READ ? std::exchange(watch->read_.awaiter, {}) : nullptr;
    std::coroutine_handle<> writer = what & EV_WRITE ? std::exchange(watch->write_.awaiter, {}) : nullptr;
    if (reader && writer) {
        // Two coroutines wait on one descriptor (a pump): the second is resumed by its own edge or timer if
        // the first destroys it; so give it back to its side and let the loop come again.
        watch->write_.awaiter = writer;
        event_active(&watch->event_, EV_WRITE, 0);
        writer = nullptr;
    }
    if (reader) return reader.resume();
    if (writer) return writer.resume();
}

UnixSignal::UnixSignal(Loop& loop, int number, std::function<void()> arrived) : arrived_(std::move(arrived)) {
    auto callback = [](int, short, void* self) { static_cast<UnixSignal*>(self)->arrived_(); };
    must(event_assign(&event_, loop.base(), number, EV_SIGNAL | EV_PERSIST, callback, this), "event_assign");
    must(event_add(&event_, nullptr), "event_add");
}

UnixSignal::~UnixSignal() { event_del(&event_); }

}  // namespace ekiden::event
