// How mail gets into memory: from intake once it is durable, from the spool when it is due.
//
// The loader walks the due mail in order, with a cursor: what lies before the cursor is in memory or done.
// Whatever makes a message due behind the cursor (flush, release) sets it back; what is met again is skipped
// because it is in memory. Limits: content in memory is bounded by content_cache; what does not fit is read
// again when it is delivered.
#include "queue/manager/queue.h"

#include <utility>

#include "common/log/events.h"
#include "queue/manager/fatal.h"

namespace ekiden::queue {
namespace {

constexpr std::size_t content_cache = 64 << 20;   // octets
constexpr std::size_t waiting_limit = 64 << 20;   // octets of content that wait for the disk
constexpr std::size_t operations_limit = 20'000;  // operations that wait for the disk
constexpr std::int64_t sequence_block = 4096;
constexpr std::int64_t load_batch = 200;
constexpr std::int64_t space_interval_us = 500'000;  // between two looks at the free space
constexpr Milliseconds retry_interval{2000};         // when the spool cannot be read

}  // namespace

Queue::Queue(event::Loop& loop, const Clock& clock, Writer& writer, Outside& outside, QueueSettings settings)
    : loop_(loop),
      clock_(clock),
      writer_(writer),
      outside_(outside),
      settings_(std::move(settings)),
      scheduler_(settings_.limits),
      loader_signal_(loop),
      pump_signal_(loop),
      recorded_(loop),
      room_(loop),
      gate_(loop, stop_at) {}

Queue::~Queue() { gate_.clear(); }

void Queue::start() {
    gate_.spawn(load());
    gate_.spawn(pump());
}

void Queue::reconfigure(QueueSettings settings) {
    settings_ = std::move(settings);
    scheduler_.set_limits(settings_.limits);
    wake_loader();
}

Task<Result<std::vector<text::QueueId>>> Queue::reserve_ids(std::size_t count) {
    std::vector<text::QueueId> ids;
    while (ids.size() < count) {
        if (blocks_.empty()) {
            Result<std::int64_t> first = co_await writer_.apply(ReserveSequence{sequence_block});
            if (!first) co_return pass(first);
            blocks_.emplace_back(*first, *first + sequence_block);
        }
        auto& [next, end] = blocks_.back();
        std::int64_t now = clock_.wall_us();
        while (next < end && ids.size() < count) ids.push_back({now, next++});
        if (next == end) blocks_.pop_back();
    }
    co_return ids;
}

Result<> Queue::intake_open() {
    std::int64_t now = clock_.steady_us();
    if (space_checked_us_ < 0 || now - space_checked_us_ >= space_interval_us) {
        free_ = writer_.free_bytes();
        space_checked_us_ = now;
        bool full = free_ < settings_.needed_free;
        if (full && !intake_stopped_) log::emit(events::intake_stopped, free_, settings_.needed_free);
        intake_stopped_ = full;
    }
    if (free_ < settings_.needed_free) return temporary("insufficient system storage");
    if (writer_.waiting() >= operations_limit || writer_.waiting_octets() >= waiting_limit)
        return temporary("too much mail waits for the disk");
    return {};
}

Task<Result<bool>> Queue::accept(NewMessage message) {
    Result<> open = intake_open();
    if (!open) co_return pass(open);
    bool at_once = room();
    message.next_attempt = at_once ? 0 : std::max<std::int64_t>(1, clock_.wall_seconds());
    if (at_once) ++accepting_;
    struct Answer {
        explicit Answer(event::Loop& loop) : arrived(loop) {}
        std::optional<Result<bool>> result;
        event::Signal arrived;
    };
    auto answer = std::make_shared<Answer>(loop_);
    // Once it is durable it is ours, also when the channel of the receiver is gone by then.
    writer_.submit(Accept{std::move(message)},
                   [this, answer, at_once](Result<std::int64_t> done, Operation& operation) {
                       if (at_once) --accepting_;
                       bool known = done && *done == 0;
                       answer->result = done ? Result<bool>(!known) : Result<bool>(pass(done));
                       answer->arrived.notify_all();
                       if (done && !known) admit(std::move(std::get<Accept>(operation).message));
                       // The disk may be full, and the reserve just given up is not for new mail: look at
                       // once.
                       if (!done) space_checked_us_ = -1;
                   });
    while (!answer->result) co_await answer->arrived.wait(std::chrono::hours(1));
    co_return std::move(*answer->result);
}

Task<Result<>> Queue::forget_drops(std::vector<std::string> keep) {
    ForgetDrops forget{std::move(keep)};
    Result<std::int64_t> done = co_await writer_.apply(std::move(forget));
    if (!done) co_return pass(done);
    co_return Result<>{};
}

void Queue::admit(NewMessage message) {
    const std::string& message_id = message.envelope.message_id;
    log::emit(events::message_id, print(message.id), message_id.empty() ? "<>" : message_id);
    if (message.next_attempt != 0 || message.hold) {
        if (!message.hold) rewind(message.next_attempt);
        return;
    }
    if (active_.contains(message.id.sequence)) return;
    StoredMessage stored;
    stored.id = message.id;
    stored.kind = message.kind;
    stored.seen = message.envelope.arrived_us / 1'000'000;
    stored.in_file = message.in_file;
    stored.envelope = std::move(message.envelope);
    stored.recipients = std::move(message.recipients);
    Active& active = enter(std::move(stored));
    active.first_attempt = true;
    if (message.content && cached_ + message.content->size() <= content_cache) {
        cached_ += message.content->size();
        active.content = std::move(message.content);
    }
    gate_.spawn(activate(active.message.id.sequence));
}

Active& Queue::enter(StoredMessage message) {
    Sequence sequence = message.id.sequence;
    auto active = std::make_unique<Active>();
    recipients_ += message.recipients.size();
    active->routes.resize(message.recipients.size());
    active->message = std::move(message);
    active->since_us = clock_.wall_us();
    return *(active_[sequence] = std::move(active));
}

void Queue::forget(Sequence sequence) {
    auto it = active_.find(sequence);
    if (it == active_.end()) return;
    recipients_ -= it->second->message.recipients.size();
    if (it->second->content) cached_ -= it->second->content->size();
    active_.erase(it);
    room_.notify_all();
}

bool Queue::room() const {
    return active_.size() + accepting_ < settings_.active_messages &&
           recipients_ < settings_.active_recipients;
}

Active* Queue::find(Sequence sequence) {
    auto it = active_.find(sequence);
    return it == active_.end() ? nullptr : it->second.get();
}

void Queue::wake_loader() {
    loader_wanted_ = true;
    loader_signal_.notify_all();
}

void Queue::rewind(std::int64_t next_attempt) {
    cursor_ = std::min(cursor_, DueCursor{next_attempt, 0});
    wake_loader();
}

Task<> Queue::load() {
    co_await load_fresh();
    while (true) {
        Milliseconds pause = co_await load_due();
        if (!std::exchange(loader_wanted_, false) && pause > Milliseconds(0))
            co_await loader_signal_.wait(pause);
        loader_wanted_ = false;
    }
}

// What a manager before this one accepted and did not get to.
Task<> Queue::load_fresh() {
    Sequence after = 0;
    while (true) {
        while (!room()) co_await room_.wait(retry_interval);
        auto read = [after](Spool& spool) { return spool.load_fresh(after, load_batch); };
        Result<std::vector<StoredMessage>> found = co_await writer_.read(std::move(read));
        if (!found) {
            log::emit(events::spool_unreadable, found.error());
            co_await loop_.sleep(retry_interval);
            continue;
        }
        if (found->empty()) co_return;
        for (StoredMessage& message : *found) {
            after = message.id.sequence;
            if (active_.contains(after)) continue;
            enter(std::move(message));
            gate_.spawn(activate(after));
        }
    }
}

// Brings due mail in as far as there is room; how long to wait until there may be more.
Task<Milliseconds> Queue::load_due() {
    if (!room()) {
        co_await room_.wait(retry_interval);
        co_return Milliseconds(0);
    }
    std::int64_t now = clock_.wall_seconds();
    std::int64_t latest =
        now + std::max(settings_.retry.maximal_backoff, settings_.retry.minimal_backoff).count();
    struct Found {
        std::vector<StoredMessage> due;
        std::optional<std::int64_t> next;
        std::int64_t clamped = 0;
    };
    auto read = [after = cursor_, now, latest](Spool& spool) -> Result<Found> {
        Result<std::vector<StoredMessage>> due = spool.load_due(after, now, load_batch);
        if (!due) return pass(due);
        if (!due->empty()) return Found{std::move(*due), now, 0};
        Result<std::int64_t> clamped = spool.clamp(latest);
        if (!clamped) return pass(clamped);
        Result<std::optional<std::int64_t>> next = spool.next_due(now);
        if (!next) return pass(next);
        return Found{{}, *next, *clamped};
    };
    DueCursor before = cursor_;
    Result<Found> found = co_await writer_.read(std::move(read));
    if (!found) {
        log::emit(events::spool_unreadable, found.error());
        co_return retry_interval;
    }
    for (StoredMessage& message : found->due) {
        // Set back meanwhile: that stands.
        if (cursor_ >= before) cursor_ = before = {message.next_attempt, message.id.sequence};
        if (active_.contains(message.id.sequence)) continue;
        Sequence sequence = message.id.sequence;
        enter(std::move(message));
        gate_.spawn(activate(sequence));
    }
    if (!found->due.empty()) co_return Milliseconds(0);
    if (found->clamped > 0) rewind(latest);
    Milliseconds pause = settings_.run_delay;
    if (found->next)
        pause = std::min<Milliseconds>(pause, Seconds(std::max<std::int64_t>(1, *found->next - now)));
    co_return pause;
}

}  // namespace ekiden::queue
