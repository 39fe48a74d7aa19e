#pragma once
// The spool behind its one thread. Whoever has something to record while the thread is busy waits for the
// next batch, which takes all who wait: one transaction, one flush (group commit). Reading goes through the
// same thread, between batches. Belongs to the loop's thread; nothing here blocks.
#include <functional>
#include <memory>
#include <vector>

#include "common/event/gate.h"
#include "common/event/offload.h"
#include "common/spool/spool.h"

namespace ekiden::queue {

class Writer {
  public:
    // Told on the loop's thread once an operation is durable, or failed; it may take the operation back.
    using Then = std::function<void(Result<std::int64_t>, Operation&)>;

    // Start it after the process is confined: it makes a thread.
    Writer(event::Loop& loop, Spool spool);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();

    // In order of the calls. `then` is called also when whoever submitted is gone.
    void submit(Operation operation, Then then);
    // The same, awaited; the operation is done even when the awaiter goes.
    Task<Result<std::int64_t>> apply(Operation operation);
    // The same, with the operation as it was applied (content may have moved to a file).
    struct Applied {
        Result<std::int64_t> value;
        Operation operation;
    };
    Task<Applied> apply_and_return(Operation operation);
    // Runs f(Spool&) on the spool's thread; f must own what it works on.
    template <class F>
    auto read(F f) {
        return thread_.run([this, f = std::move(f)]() mutable { return f(spool_); });
    }

    // Operations that are not durable yet.
    std::size_t waiting() const { return waiting_.size() + under_way_; }
    // Octets of content in them.
    std::size_t waiting_octets() const { return octets_; }
    // May be used from the loop's thread: they only open, make and remove files, and ask for free space.
    const ContentStore& content() const { return spool_.content(); }
    std::int64_t free_bytes() const { return spool_.free_bytes(); }

  private:
    struct Entry {
        Operation operation;
        Then then;
    };
    Task<> write_batches();

    event::Loop& loop_;
    Spool spool_;
    std::vector<Entry> waiting_;
    std::size_t under_way_ = 0;
    std::size_t octets_ = 0;
    event::Signal arrived_;
    event::Offload thread_;
    event::Gate gate_;
};

}  // namespace ekiden::queue
