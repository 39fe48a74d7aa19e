// The operator's view of the queue, and commands on it while it runs.
//
// Listing and changing go through the spool page by page and mark what is in memory; a page is bounded in
// messages and octets, so a listing of a million messages costs no more memory than one of a hundred, and
// begins at once. The commands of a page are recorded together, with one flush.
#include "common/log/events.h"
#include "common/spool/operator_view.h"
#include "common/text/ascii.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {
namespace {

// While the database is checked nothing is recorded.
constexpr Milliseconds database_time{2000};

}  // namespace

Task<Result<ipc::QueuePage>> Queue::list(ipc::ListQueue question) {
    std::optional<text::QueueId> after = text::parse_queue_id(question.after);
    if (!question.after.empty() && !after)
        co_return malformed("not a queue id: " + text::printable(question.after, 40));
    std::int64_t count = std::clamp<std::int64_t>(question.count, 1, operator_page);
    auto read = [from = after ? after->sequence : 0, count](Spool& spool) { return spool.list(from, count); };
    Result<std::vector<StoredMessage>> found = co_await writer_.read(std::move(read));
    if (!found) co_return pass(found);
    co_return page_of(std::move(*found), count, [this](Sequence each) { return active_.contains(each); });
}

Task<Result<ipc::QueuedMessage>> Queue::read(ipc::ReadMessage question) {
    auto read = [question = std::move(question)](Spool& spool) { return read_message(spool, question); };
    Result<ipc::QueuedMessage> message = co_await writer_.read(std::move(read));
    if (!message) co_return message;
    std::optional<text::QueueId> id = text::parse_queue_id(message->queue_id);
    bool active = id && active_.contains(id->sequence);
    if (active && message->state != ipc::QueueState::hold) message->state = ipc::QueueState::active;
    co_return message;
}

Task<Result<ipc::ChangedMessages>> Queue::change(ipc::ChangeQueue order) {
    if (order.verb == ipc::QueueVerb::flush) scheduler_.revive();
    if (order.verb == ipc::QueueVerb::flush && order.queue_id.empty() && !order.site.contains('@'))
        co_return co_await flush(order.site);
    auto look = [order](Spool& spool) { return candidates(spool, order); };
    Result<std::vector<StoredMessage>> page = co_await writer_.read(std::move(look));
    if (!page) co_return pass(page);
    Chosen chosen = choose(order, *page, [this](Sequence each) { return active_.contains(each); });
    std::vector<Result<std::int64_t>> results = co_await apply_to(chosen.ids, verb_of(order.verb));
    ipc::ChangedMessages changed{chosen.ids.size(), 0, {}, std::move(chosen.next)};
    Result<> failure;
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) failure = pass(results[i]);
        if (!results[i] || *results[i] == 0) continue;
        take_notice(order.verb, chosen.ids[i]);
        ++changed.count;
        changed.ids.push_back(print(chosen.ids[i]));
    }
    if (!failure) co_return pass(failure);
    co_return changed;
}

Task<Result<ipc::ChangedMessages>> Queue::flush(std::string site) {
    Result<std::int64_t> count = co_await writer_.apply(Flush{site});
    if (!count) co_return pass(count);
    rewind(0);
    log::emit(events::queue_flushed, site.empty() ? "all deferred mail" : site, *count);
    auto messages = static_cast<std::uint64_t>(*count);
    co_return ipc::ChangedMessages{messages, messages, {}, ""};
}

// All of them are given to the writer before the first is waited for, so that they share a flush.
Task<std::vector<Result<std::int64_t>>> Queue::apply_to(std::vector<text::QueueId> ids, Command::Verb verb) {
    struct Answers {
        explicit Answers(event::Loop& loop) : arrived(loop) {}
        std::vector<Result<std::int64_t>> results;
        std::size_t missing = 0;
        event::Signal arrived;
    };
    auto answers = std::make_shared<Answers>(loop_);
    answers->missing = ids.size();
    answers->results.resize(ids.size(), Result<std::int64_t>(0));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto then = [answers, i](Result<std::int64_t> result, Operation&) {
            answers->results[i] = std::move(result);
            if (--answers->missing == 0) answers->arrived.notify_all();
        };
        writer_.submit(Command{verb, ids[i].sequence}, std::move(then));
    }
    while (answers->missing > 0) co_await answers->arrived.wait(std::chrono::hours(1));
    co_return std::move(answers->results);
}

// What a recorded command means for what is in memory.
void Queue::take_notice(ipc::QueueVerb verb, const text::QueueId& id) {
    log::emit(events::queue_operator, print(id), said(verb));
    if (verb == ipc::QueueVerb::hold || verb == ipc::QueueVerb::remove)
        withdraw(id.sequence);
    else if (verb != ipc::QueueVerb::expire)  // which counts when it is due
        rewind(0);
}

Task<Result<ipc::QueueFindings>> Queue::check(ipc::CheckQueue order, Sequence first) {
    ipc::QueueFindings findings{};
    if (order.temporary) {
        auto sweep = [first](Spool& spool) { return spool.sweep_before(first); };
        Result<int> swept = co_await writer_.read(std::move(sweep));
        if (!swept) co_return pass(swept);
        if (*swept > 0)
            findings.lines.push_back("content: " + std::to_string(*swept) +
                                     " files without a message: removed");
    }
    if (order.structure) {
        Result<> checked = co_await check_structure(findings);
        if (!checked) co_return pass(checked);
    }
    for (const std::string& line : findings.lines) log::emit(events::spool_finding, line);
    co_return findings;
}

Task<Result<>> Queue::check_structure(ipc::QueueFindings& findings) {
    auto look = [](Spool& spool) { return spool.check_database(database_time); };
    Result<std::vector<std::string>> database = co_await writer_.read(std::move(look));
    if (!database) co_return pass(database);
    findings.lines.insert(findings.lines.end(), database->begin(), database->end());
    for (Sequence after = 0; after >= 0;) {
        auto page = [after](Spool& spool) { return spool.check_messages(after, operator_page); };
        Result<CheckedMessages> checked = co_await writer_.read(std::move(page));
        if (!checked) co_return pass(checked);
        after = checked->next;
        for (const Suspect& suspect : checked->suspects) {
            Result<std::int64_t> held =
                co_await writer_.apply(Command{Command::Verb::hold, suspect.id.sequence});
            if (!held) co_return pass(held);
            if (*held == 0) continue;  // gone meanwhile, or held before
            withdraw(suspect.id.sequence);
            add_finding(findings, suspect);
        }
    }
    auto count = [](Spool& spool) { return spool.count(); };
    Result<std::int64_t> messages = co_await writer_.read(std::move(count));
    if (!messages) co_return pass(messages);
    findings.messages = static_cast<std::uint64_t>(*messages);
    co_return Result<>();
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
