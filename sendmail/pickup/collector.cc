// Crash or loss of power between the queue's commit and the removal of a file: the file is committed again
// under its own name, which the queue knows and drops. What the queue may forget is said only after the
// directory was flushed.
#include "sendmail/pickup/collector.h"

#include "common/base/clock.h"
#include "common/log/events.h"

namespace ekiden::pickup {
namespace {

constexpr std::size_t at_a_time = 20;
constexpr std::size_t listed = 1000;        // then it is looked again
constexpr std::size_t left_limit = 10'000;  // names remembered
constexpr Milliseconds patience = std::chrono::hours(1);

}  // namespace

Task<bool> Collector::sweep() {
    later_.clear();
    while (later_.size() < at_a_time && !stopping_) {
        auto skip = [this](const std::string& name) { return left_.contains(name) || later_.contains(name); };
        auto strange = [this](const std::string& name, const std::string& why) { quarantine(name, why); };
        Result<std::vector<std::string>> names = directory_.list(listed, skip, strange);
        if (!names) {
            log::emit(events::pickup_blind, directory_.path(), names.error());
            co_return false;
        }
        if (names->empty()) break;
        for (std::string& name : *names) {
            while (gate_.size() >= at_a_time) co_await ended_.wait(patience);
            if (later_.size() >= at_a_time || stopping_) break;
            gate_.spawn(take(std::move(name)));
        }
        co_await gate_.empty(patience);
    }
    co_return later_.empty();
}

Task<> Collector::take(std::string name) {
    Result<Opened> file = directory_.open_file(name);
    if (file) {
        unforgotten_ = true;
        std::shared_ptr<const LetterOptions> options = options_;
        Letter letter(loop_, queue_, *options, name, std::move(*file));
        Result<> sent = co_await letter.send();
        settle(name, sent);
    } else if (file.error().kind != ErrorKind::not_found) {
        settle(name, pass(file));
    }
    ended_.notify_all();
}

// What becomes of a file that was sent, or could not be.
void Collector::settle(const std::string& name, const Result<>& sent) {
    if (sent) {
        ++taken;
        Result<> removed = directory_.remove(name);
        if (removed) return;
        committed_.insert(name);
        leave(name, removed.error().text);
    } else if (sent.error().temporary()) {
        if (later_.empty()) log::emit(events::pickup_delayed, name, sent.error());
        later_.insert(name);
    } else if (sent.error().kind == ErrorKind::denied) {
        discard(name, sent.error().text);
    } else {
        quarantine(name, sent.error().text);
    }
}

// A link, pipe, socket or device: there is nothing in it to be kept. (A directory cannot be removed so.)
void Collector::discard(const std::string& name, const std::string& why) {
    Result<> removed = directory_.remove(name);
    if (!removed) return leave(name, why + ", and " + removed.error().text);
    log::emit(events::pickup_discarded, name, why);
}

void Collector::quarantine(const std::string& name, const std::string& why) {
    Result<> moved = directory_.set_aside(name);
    if (!moved) return leave(name, why + ", and " + moved.error().text);
    ++set_aside;
    log::emit(events::pickup_quarantined, name, why, directory_.quarantine_path());
}

void Collector::leave(const std::string& name, const std::string& why) {
    if (left_.size() >= left_limit) left_.clear();
    left_.insert(name);
    log::emit(events::pickup_left, name, why);
}

Task<> Collector::tidy() {
    for (const std::string& name : directory_.remove_stale(system_clock().wall_seconds()))
        log::emit(events::pickup_stale, name);
    if (!unforgotten_ || gate_.size() > 0) co_return;
    Result<> flushed = directory_.flush();
    if (!flushed) {
        log::emit(events::pickup_blind, directory_.path(), flushed.error());
        co_return;
    }
    std::vector<std::string> keep(committed_.begin(), committed_.end());
    Result<> forgotten = co_await queue_.forget_drops(std::move(keep));
    if (forgotten) unforgotten_ = false;
}

}  // namespace ekiden::pickup
