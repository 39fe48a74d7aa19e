// The end of a pass over a message: who still waits, who is told, and one operation that records all of it.
// The message stays in memory until that is durable; while it cannot be recorded nothing else is delivered,
// for that could not be recorded either.
#include <unistd.h>

#include <cerrno>

#include "common/base/deadline.h"
#include "common/log/events.h"
#include "queue/manager/queue.h"
#include "queue/manager/soon.h"

namespace ekiden::queue {
namespace {

constexpr Milliseconds retry_interval{2000};

Result<std::string> read_file(int fd, std::size_t octets) {
    std::string content(octets, '\0');
    std::size_t have = 0;
    while (have < octets) {
        ssize_t got = ::pread(fd, content.data() + have, octets - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("cannot read content", errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    content.resize(have);
    return content;
}

}  // namespace

Task<> Queue::end_pass(Sequence sequence) {
    ++ending_;
    Active& active = *active_.at(sequence);
    while (active.recording > 0) co_await recorded_.wait(retry_interval);
    Settle settle = co_await conclude(active);
    // What was recorded before the notices were written must not come after the end that reports it.
    while (active.recording > 0) co_await recorded_.wait(retry_interval);
    std::int64_t done = co_await make_durable(settle);
    --ending_;
    recorded_.notify_all();
    if (done > 0) {
        log_notices(active, settle);
        if (settle.then == Settle::Then::remove) log::emit(events::queue_removed, print(active.message.id));
    }
    forget(sequence);
    if (done == 0) co_return;  // an operator deleted it
    for (NewMessage& notice : settle.notices) admit(std::move(notice));
    bool behind = settle.then == Settle::Then::defer && settle.next_attempt <= cursor_.next_attempt;
    if (behind) rewind(settle.next_attempt);
    if (settle.then == Settle::Then::defer) wake_loader();
}

// Records it, however long that takes; while it cannot be, nothing is delivered. `settle` comes back as it
// was recorded: notices know where their content is.
Task<std::int64_t> Queue::make_durable(Settle& settle) {
    bool was_blocked = false;
    while (true) {
        Settle copy = settle;
        Writer::Applied applied = co_await writer_.apply_and_return(std::move(copy));
        if (applied.value) {
            settle = std::get<Settle>(std::move(applied.operation));
            if (was_blocked) unblock();
            co_return *applied.value;
        }
        log::emit(events::spool_failed, print(settle.id), applied.value.error());
        blocked_ += was_blocked ? 0 : 1;
        was_blocked = true;
        co_await loop_.sleep(settings_.record_again);
    }
}

void Queue::unblock() {
    --blocked_;
    wake_pump();
}

Task<> Queue::finish(Milliseconds time) {
    finishing_ = true;
    const Deadline deliveries(time, clock_);
    // room_ is told whenever a message leaves memory, recorded_ whenever an outcome stands.
    while (scheduler_.running() > 0 && !deliveries.passed()) co_await room_.wait(Milliseconds(100));
    // Passes that end have their time too; but what the disk does not take, it takes from nobody.
    const Deadline passes(time, clock_);
    auto passes_end = [&] { return ending_ > 0 && blocked_ == 0 && !passes.passed(); };
    while (writer_.waiting() > 0 || passes_end()) co_await recorded_.wait(Milliseconds(10));
}

// What is to be recorded, decided from what is in memory.
Task<Settle> Queue::conclude(Active& active) {
    if (active.verifies()) {
        Settle probed = co_await conclude_probe(active);
        co_return probed;
    }
    StoredMessage& message = active.message;
    std::int64_t now = clock_.wall_seconds();
    std::int64_t age = age_at(message, now);
    Settle settle;
    settle.id = message.id;
    settle.outcomes = std::exchange(active.unsaved, {});
    bool old = expired(settings_.retry, message, age) && !active.withdrawn;
    std::vector<const Recipient*> failed, waiting;
    for (Recipient& r : message.recipients) {
        if (r.state == RecipientState::waiting && old) {
            r.state = RecipientState::failed;
            if (r.status.empty()) r.status = "4.4.7";  // RFC 3463: delivery time expired
            if (r.reason.empty()) r.reason = "the message expired in the queue";
            settle.outcomes.push_back({r.number, r.state, r.status, r.reason, r.remote, r.reply, r.relay});
        }
        if (r.state == RecipientState::failed) failed.push_back(&r);
        if (r.state == RecipientState::waiting) waiting.push_back(&r);
    }
    if (old && !failed.empty()) log::emit(events::queue_expired, print(message.id), message.envelope.sender);
    std::vector<Letter> letters = letters_of_failure(settings_.notices, message, failed);
    if (!failed.empty() && letters.empty()) drop_notice(active, failed);
    for (const Recipient* r : failed) settle.reported.push_back(r->number);
    settle.warned = message.warned;
    if (!waiting.empty() && warning_due(settings_.retry, message, age)) {
        for (Letter& letter : letters_of_delay(settings_.notices, message, waiting))
            letters.push_back(std::move(letter));
        settle.warned = true;
    }
    settle.then = waiting.empty() ? Settle::Then::remove : Settle::Then::defer;
    settle.age = age;
    settle.seen = now;
    settle.attempts = message.attempts + 1;
    bool again_soon = active.nobody_to_deliver && settle.attempts <= soon_passes;
    settle.next_attempt = next_attempt(settings_.retry, age, now);
    if (again_soon) settle.next_attempt = std::min(settle.next_attempt, now + soon * settle.attempts);
    settle.trace = message.envelope.trace;
    std::vector<Recipient> before;
    const bool attempted = waiting.empty() || (!again_soon && !active.withdrawn);
    if (settle.trace == ipc::Trace::report && attempted) {
        before = co_await done_before(active);
        for (Letter& letter : letters_of_report(active, before)) letters.push_back(std::move(letter));
        settle.trace = ipc::Trace::none;
    }
    if (!letters.empty()) {
        // Composing takes a while, in which this process may end: what was delivered must stand by then.
        active.unsaved = settle.outcomes;
        record(active);
        co_await write_notices(active, std::move(letters), settle, age);
    }
    co_return settle;
}

Task<> Queue::write_notices(Active& active, std::vector<Letter> letters, Settle& settle, std::int64_t age) {
    bool whole = true;
    std::string original = co_await read_original(active, whole);
    std::vector<text::QueueId> ids;
    bool was_blocked = false;
    while (ids.size() < letters.size()) {
        Result<std::vector<text::QueueId>> reserved = co_await reserve_ids(letters.size());
        if (reserved) {
            ids = std::move(*reserved);
        } else {
            log::emit(events::spool_failed, print(active.message.id), reserved.error());
            blocked_ += was_blocked ? 0 : 1;
            was_blocked = true;
            co_await loop_.sleep(settings_.record_again);
        }
    }
    if (was_blocked) unblock();
    std::int64_t now_us = clock_.wall_us();
    std::int64_t until =
        now_us / 1'000'000 + std::max<std::int64_t>(0, settings_.retry.maximal_lifetime.count() - age);
    for (std::size_t i = 0; i < letters.size(); ++i)
        settle.notices.push_back(print_letter(settings_.notices, letters[i], active.message, original, whole,
                                              ids[i], now_us, until));
}

// The content, or as much of it as a notice may hold; what cannot be read is left out, the notice goes all
// the same.
Task<std::string> Queue::read_original(const Active& active, bool& whole) {
    if (active.content) co_return *active.content;
    const Envelope& envelope = active.message.envelope;
    Result<std::string> content;
    if (active.message.in_file) {
        std::int64_t limit = static_cast<std::int64_t>(settings_.notices.size_limit);
        whole = envelope.size <= limit;
        std::int64_t wanted =
            std::min(envelope.size, std::max(whole ? limit : 0, std::min(envelope.header_size, limit)));
        Result<OwnedFd> file = writer_.content().open_for_reading(active.message.id);
        content = file ? read_file(file->get(), static_cast<std::size_t>(std::max<std::int64_t>(0, wanted)))
                       : Result<std::string>(pass(file));
    } else {
        auto read = [sequence = active.message.id.sequence](Spool& spool) {
            return spool.read_content(sequence);
        };
        content = co_await writer_.read(std::move(read));
    }
    if (content) co_return std::move(*content);
    log::emit(events::content_unreadable, print(active.message.id), content.error());
    whole = false;
    co_return "";
}

void Queue::log_notices(const Active& active, const Settle& settle) {
    std::string id = print(active.message.id);
    // Postmaster's copies have a sender of their own, so that they are told apart.
    for (const NewMessage& notice : settle.notices) {
        bool to_sender = notice.envelope.sender.empty();
        bool delay = notice.notice == NoticeKind::delay;
        if (notice.notice == NoticeKind::report)
            log::emit(events::report_notice, id, print(notice.id));
        else if (to_sender && delay)
            log::emit(events::delay_notice, id, print(notice.id));
        else if (to_sender)
            log::emit(events::sender_notice, id, print(notice.id));
        else if (delay)
            log::emit(events::postmaster_delay_notice, id, print(notice.id));
        else
            log::emit(events::postmaster_notice, id, print(notice.id));
    }
}

// Nobody is to be told: the sender said NEVER, or there is none. The log is the last to hear.
void Queue::drop_notice(const Active& active, const std::vector<const Recipient*>& failed) {
    const std::string& sender = active.message.envelope.sender;
    if (!sender.empty() && active.message.kind == Kind::mail) return;
    for (const Recipient* r : failed)
        log::emit(events::notice_dropped, print(active.message.id), sender, r->address, r->reason);
}

}  // namespace ekiden::queue
