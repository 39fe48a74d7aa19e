#pragma once
// Owner of tasks that nobody awaits: sessions, background chores. When the gate goes, what still runs in it
// is destroyed. A task that ends with an exception is reported and forgotten; it never takes the process
// along.
#include <cstddef>
#include <exception>
#include <functional>
#include <list>

#include "common/event/loop.h"

namespace ekiden::event {

class Gate {
  public:
    // `failed` is told of an exception that a task let out; without it such an exception is dropped.
    explicit Gate(Loop& loop, std::function<void(std::exception_ptr)> failed = {});
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate();

    // Starts the task and keeps it until it is done.
    void spawn(Task<> task);
    std::size_t size() const { return live_; }
    // Destroys all tasks that still run.
    void clear();
    // co_await gate.empty(d): true once nothing runs any more, false after that time.
    Task<bool> empty(Milliseconds time);

  private:
    struct Entry;
    Task<> keep(Task<> task, Entry* entry);
    Task<> reap();
    std::function<void(std::exception_ptr)> failed_;
    std::list<Entry> entries_;
    std::size_t live_ = 0;
    Signal ended_;
    std::list<Entry> finished_;
    Task<> reaper_;
};

}  // namespace ekiden::event
