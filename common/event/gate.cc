#include "common/event/gate.h"

namespace ekiden::event {

struct Gate::Entry {
    Task<> task;
    std::list<Entry>::iterator place;
};

Gate::Gate(Loop& loop, std::function<void(std::exception_ptr)> failed)
    : failed_(std::move(failed)), ended_(loop), reaper_(reap()) {
    reaper_.start();
}

Gate::~Gate() { clear(); }

void Gate::spawn(Task<> task) {
    Entry& entry = entries_.emplace_back();
    entry.place = std::prev(entries_.end());
    ++live_;
    entry.task = keep(std::move(task), &entry);
    entry.task.start();
}

void Gate::clear() {
    // A destructor inside a task may spawn or end others; take the list away first.
    std::list<Entry> doomed;
    doomed.swap(entries_);
    live_ = 0;
    doomed.clear();
}

Task<bool> Gate::empty(Milliseconds time) {
    return ended_.until([this] { return live_ == 0; }, time);
}

Task<> Gate::keep(Task<> task, Entry* entry) {
    try {
        co_await task;
    } catch (...) {
        if (failed_) failed_(std::current_exception());
    }
    // The frame of this very coroutine must outlive its own last step: it moves to the finished ones, which
    // the reaper destroys from the loop.
    finished_.splice(finished_.end(), entries_, entry->place);
    --live_;
    ended_.notify_all();
}

Task<> Gate::reap() {
    for (;;) {
        co_await ended_.wait(std::chrono::hours(1));
        finished_.clear();
    }
}

}  // namespace ekiden::event
