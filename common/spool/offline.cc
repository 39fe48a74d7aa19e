#include "common/spool/offline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "common/spool/operator_view.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

// Nobody waits for the disk meanwhile.
constexpr Milliseconds database_time = std::chrono::minutes(10);

bool nothing_is_active(Sequence) { return false; }

}  // namespace

Result<OfflineQueue> OfflineQueue::open(const std::string& directory) {
    // What the manager keeps for a full disk is not made here.
    Result<Spool> spool = Spool::open(directory, {.reserve_bytes = 0});
    if (!spool) return pass(spool);
    return OfflineQueue(std::move(*spool));
}

Result<OfflineQueue> OfflineQueue::open_to_read(const std::string& directory) {
    Result<Spool> spool = Spool::open_to_read(directory);
    if (!spool) return pass(spool);
    return OfflineQueue(std::move(*spool));
}

Result<ipc::QueuePage> OfflineQueue::ask(const ipc::ListQueue& question) {
    std::optional<text::QueueId> after = text::parse_queue_id(question.after);
    if (!question.after.empty() && !after)
        return malformed("not a queue id: " + text::printable(question.after, 40));
    std::int64_t count = std::clamp<std::int64_t>(question.count, 1, operator_page);
    Result<std::vector<StoredMessage>> found = spool_.list(after ? after->sequence : 0, count);
    if (!found) return pass(found);
    return page_of(std::move(*found), count, nothing_is_active);
}

Result<ipc::QueuedMessage> OfflineQueue::ask(const ipc::ReadMessage& question) {
    return read_message(spool_, question);
}

Result<bool> OfflineQueue::apply(Command::Verb verb, Sequence sequence) {
    Operation operation = Command{verb, sequence};
    Result<std::int64_t> done = spool_.apply(std::span(&operation, 1)).front();
    if (!done) return pass(done);
    return *done > 0;
}

Result<ipc::ChangedMessages> OfflineQueue::ask(const ipc::ChangeQueue& order) {
    Result<std::vector<StoredMessage>> page = candidates(spool_, order);
    if (!page) return pass(page);
    Chosen chosen = choose(order, *page, nothing_is_active);
    std::vector<Operation> operations;
    for (const text::QueueId& id : chosen.ids)
        operations.push_back(Command{verb_of(order.verb), id.sequence});
    std::vector<Result<std::int64_t>> results = spool_.apply(operations);
    ipc::ChangedMessages changed{chosen.ids.size(), 0, {}, std::move(chosen.next)};
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) return pass(results[i]);
        if (*results[i] == 0) continue;
        ++changed.count;
        changed.ids.push_back(print(chosen.ids[i]));
    }
    return changed;
}

Result<ipc::QueueFindings> OfflineQueue::ask(const ipc::CheckQueue& order) {
    ipc::QueueFindings findings{};
    if (spool_.swept() > 0)
        findings.lines.push_back(fmt::format("content: {} files without a message: removed", spool_.swept()));
    if (order.structure)
        if (Result<> done = check_structure(findings); !done) return pass(done);
    return findings;
}

Result<> OfflineQueue::check_structure(ipc::QueueFindings& findings) {
    Result<std::vector<std::string>> database = spool_.check_database(database_time);
    if (!database) return pass(database);
    findings.lines.insert(findings.lines.end(), database->begin(), database->end());
    for (Sequence after = 0; after >= 0;) {
        Result<CheckedMessages> checked = spool_.check_messages(after, operator_page);
        if (!checked) return pass(checked);
        after = checked->next;
        for (const Suspect& suspect : checked->suspects) {
            Result<bool> held = apply(Command::Verb::hold, suspect.id.sequence);
            if (!held) return pass(held);
            if (*held) add_finding(findings, suspect);
        }
    }
    Result<std::int64_t> count = spool_.count();
    if (!count) return pass(count);
    findings.messages = static_cast<std::uint64_t>(*count);
    return {};
}

}  // namespace ekiden::queue
