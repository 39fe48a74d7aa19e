// The operator's view of the queue, and commands on it while it runs.
//
// Listing reads the spool page by page and marks what is in memory; a page is bounded in messages and octets,
// so a listing of a million messages costs no more memory than one of a hundred, and begins at once.
#include "common/log/events.h"
#include "common/text/ascii.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {
namespace {

constexpr std::int64_t page_limit = 1000;
constexpr std::size_t page_octets = 1 << 20;

Command::Verb verb_of(ipc::QueueVerb verb) {
    switch (verb) {
        case ipc::QueueVerb::flush: return Command::Verb::attempt_now;
        case ipc::QueueVerb::hold: return Command::Verb::hold;
        case ipc::QueueVerb::release: return Command::Verb::release;
        case ipc::QueueVerb::requeue: return Command::Verb::requeue;
        case ipc::QueueVerb::remove: return Command::Verb::remove;
    }
    return Command::Verb::attempt_now;
}

// Postfix's words for what postsuper did.
std::string_view said(ipc::QueueVerb verb) {
    switch (verb) {
        case ipc::QueueVerb::flush: return "flushed";
        case ipc::QueueVerb::hold: return "placed on hold";
        case ipc::QueueVerb::release: return "released from hold";
        case ipc::QueueVerb::requeue: return "requeued";
        case ipc::QueueVerb::remove: return "removed";
    }
    return "";
}

// Whether one of the recipients is in that domain, or is that address.
bool at_site(const StoredMessage& message, const std::string& site) {
    bool address = site.contains('@');
    for (const Recipient& r : message.recipients) {
        std::size_t at = r.address.rfind('@');
        std::string_view part = r.address;
        if (!address) part = at == std::string::npos ? std::string_view() : part.substr(at + 1);
        if (text::equal_ignoring_case(part, site)) return true;
    }
    return false;
}

}  // namespace

Task<Result<ipc::QueuePage>> Queue::list(ipc::ListQueue question) {
    std::optional<text::QueueId> after = text::parse_queue_id(question.after);
    if (!question.after.empty() && !after)
        co_return malformed("not a queue id: " + text::printable(question.after, 40));
    std::int64_t count = std::clamp<std::int64_t>(question.count, 1, page_limit);
    auto read = [from = after ? after->sequence : 0, count](Spool& spool) { return spool.list(from, count); };
    Result<std::vector<StoredMessage>> found = co_await writer_.read(std::move(read));
    if (!found) co_return pass(found);
    ipc::QueuePage page;
    std::size_t octets = 0;
    for (StoredMessage& message : *found) {
        if (octets > page_octets) break;
        ipc::ListedMessage listed{};
        listed.queue_id = print(message.id);
        listed.state = message.hold                            ? ipc::QueueState::hold
                       : active_.contains(message.id.sequence) ? ipc::QueueState::active
                       : message.next_attempt == 0             ? ipc::QueueState::incoming
                                                               : ipc::QueueState::deferred;
        listed.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, message.envelope.size));
        listed.arrival = message.envelope.arrived_us / 1'000'000;
        listed.forced_expire = message.expire;
        octets += 100 + message.envelope.sender.size();
        listed.sender = std::move(message.envelope.sender);
        for (Recipient& r : message.recipients) {
            octets += 20 + r.address.size() + r.reason.size();
            listed.recipients.push_back({std::move(r.address), std::move(r.reason)});
        }
        page.messages.push_back(std::move(listed));
    }
    bool all = page.messages.size() == found->size() && static_cast<std::int64_t>(found->size()) < count;
    if (!all) page.next = page.messages.back().queue_id;
    co_return page;
}

Task<Result<ipc::ChangedMessages>> Queue::change(ipc::ChangeQueue order) {
    ipc::ChangedMessages changed{0};
    if (order.verb == ipc::QueueVerb::flush && order.queue_id.empty() && !order.site.contains('@')) {
        scheduler_.revive();
        Result<std::int64_t> count = co_await writer_.apply(Flush{order.site});
        if (!count) co_return pass(count);
        changed.count = static_cast<std::uint64_t>(*count);
        rewind(0);
        log::emit(events::queue_flushed, order.site.empty() ? "all deferred mail" : order.site, *count);
        co_return changed;
    }
    Result<std::vector<text::QueueId>> chosen = co_await select(order);
    if (!chosen) co_return pass(chosen);
    if (order.verb == ipc::QueueVerb::flush) scheduler_.revive();
    for (const text::QueueId& id : *chosen) {
        Result<std::int64_t> done = co_await writer_.apply(Command{verb_of(order.verb), id.sequence});
        if (!done) co_return pass(done);
        if (*done == 0) continue;
        ++changed.count;
        log::emit(events::queue_operator, print(id), said(order.verb));
        if (order.verb == ipc::QueueVerb::hold || order.verb == ipc::QueueVerb::remove)
            withdraw(id.sequence);
        else
            rewind(0);
    }
    co_return changed;
}

// The messages that an order means. An id must be whole: the sequence alone would do, but a mistyped time is
// a mistake.
Task<Result<std::vector<text::QueueId>>> Queue::select(ipc::ChangeQueue order) {
    std::vector<text::QueueId> chosen;
    if (!order.queue_id.empty()) {
        std::optional<text::QueueId> id = text::parse_queue_id(order.queue_id);
        if (!id) co_return malformed("not a queue id: " + text::printable(order.queue_id, 40));
        auto read = [sequence = id->sequence](Spool& spool) { return spool.load(sequence); };
        Result<StoredMessage> message = co_await writer_.read(std::move(read));
        if (!message && message.error().kind != ErrorKind::not_found) co_return pass(message);
        if (message && message->id == *id) chosen.push_back(*id);
        co_return chosen;
    }
    if (!order.all && order.site.empty()) co_return malformed("neither an id nor a site nor all");
    Sequence after = 0;
    while (true) {
        auto read = [after](Spool& spool) { return spool.list(after, page_limit); };
        Result<std::vector<StoredMessage>> page = co_await writer_.read(std::move(read));
        if (!page) co_return pass(page);
        for (const StoredMessage& message : *page) {
            after = message.id.sequence;
            // Only what is on hold can be released; the rest has nothing to gain.
            if (order.verb == ipc::QueueVerb::release && !message.hold) continue;
            if (order.all || at_site(message, order.site)) chosen.push_back(message.id);
        }
        if (page->empty()) co_return chosen;
    }
}

// Takes a message from the scheduler; what is under way goes on, and its end finds the message held or gone.
void Queue::withdraw(Sequence sequence) {
    Active* active = find(sequence);
    if (active == nullptr || active->withdrawn) return;
    active->withdrawn = true;
    scheduler_.withdraw(sequence);
    for (Route& route : active->routes) {
        if (route.state != Route::State::waiting || active->resolving) continue;
        route.state = Route::State::none;
        --active->pending;
    }
    settle(*active, {});
}

}  // namespace ekiden::queue
