// Opening the spool and changing it. All changes of a batch share one transaction, because a flush costs a
// hundred times what a row costs; when that transaction fails the batch falls apart into single ones, so that
// what is wrong with one message, or what a full disk denies to intake, does not touch the others.
#include "common/spool/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "common/spool/schema.h"
#include "common/spool/spool_statements.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;

std::optional<std::string_view> null_if_empty(const std::string& s) {
    if (s.empty()) return std::nullopt;
    return s;
}

Result<std::int64_t> as_count(Result<bool>&& changed) {
    if (!changed) return pass(changed);
    return *changed ? 1 : 0;
}

Result<OwnedFd> take_lock(const std::string& directory) {
    std::string path = directory + "/lock";
    OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("cannot open " + path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return system_error("another queue manager holds " + path, errno);
    return fd;
}

// A new file must be in its directory after loss of power.
Result<> sync_directory(const std::string& directory) {
    OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return system_error("cannot flush " + directory, errno);
    return {};
}

Result<> write_all(int fd, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return system_error("cannot write content", written < 0 ? errno : ENOSPC);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

Spool::Spool(OwnedFd lock, ContentStore content, SpaceReserve reserve, const SpoolOptions& options)
    : lock_(std::move(lock)),
      content_(std::move(content)),
      reserve_(std::move(reserve)),
      options_(options),
      statements_(std::make_unique<Statements>()) {}
Spool::Spool(Spool&&) noexcept = default;
Spool& Spool::operator=(Spool&&) noexcept = default;
Spool::~Spool() = default;

Result<Spool> Spool::open(const std::string& directory, const SpoolOptions& options) {
    Result<OwnedFd> lock = take_lock(directory);
    if (!lock) return pass(lock);
    Result<ContentStore> content = ContentStore::open(directory);
    if (!content) return pass(content);
    Result<SpaceReserve> reserve = SpaceReserve::open(directory, options.reserve_bytes);
    if (!reserve) return pass(reserve);
    Spool spool(std::move(*lock), std::move(*content), std::move(*reserve), options);
    // Locks for each transaction would only be a system call more that can fail, and one that fails to be
    // given back (ENOLCK) blocks SQLite until the next start; our own lock keeps others out.
    sqlite::Options how{.durable = options.durable,
                        .exclusive = true,
                        .cache_kib = 16 << 10,
                        .checkpoint_pages = options.checkpoint_pages};
    Result<sqlite::Database> database = sqlite::Database::open(directory + "/queue.db", how);
    if (!database) return pass(database);
    spool.statements_->database = std::move(*database);
    Result<> done = spool.prepare();
    if (done) done = sync_directory(directory);
    if (!done) return pass(done);
    Result<int> swept = spool.sweep_before(std::numeric_limits<Sequence>::max());
    if (!swept) return pass(swept);
    spool.swept_ = *swept;
    return spool;
}

Result<Spool> Spool::open_to_read(const std::string& directory) {
    Result<ContentStore> content = ContentStore::open_to_read(directory);
    if (!content) return pass(content);
    Spool spool(OwnedFd(), std::move(*content), SpaceReserve::none(), {});
    std::string path = directory + "/queue.db";
    Result<sqlite::Database> database = sqlite::Database::open(path, {.access = sqlite::Access::read_only});
    if (!database) return pass(database);
    Result<std::int64_t> version = database->number("PRAGMA user_version");
    if (!version) return pass(version);
    if (*version != static_cast<std::int64_t>(schema_steps.size()))
        return permanent(fmt::format("{}: version {} is not this program's {}: start the mail system once",
                                     path, *version, schema_steps.size()));
    spool.statements_->database = std::move(*database);
    Result<> done = spool.prepare_statements();
    if (!done) return pass(done);
    return spool;
}

Result<> Spool::prepare() {
    Result<> migrated = statements_->database.migrate(schema_steps);
    if (!migrated) return migrated;
    return prepare_statements();
}

Result<> Spool::prepare_statements() {
    for (int name = 0; name < sql::statement_count; ++name) {
        Result<sqlite::Statement> statement =
            statements_->database.prepare(sql::text[static_cast<std::size_t>(name)]);
        if (!statement) return pass(statement);
        (*statements_)[name] = std::move(*statement);
    }
    return {};
}

std::vector<Result<std::int64_t>> Spool::apply(std::span<Operation> batch) {
    // Space given up on a full disk is taken back when there is plenty again.
    if (!reserve_.whole() && reserve_.free_bytes() > 2 * options_.reserve_bytes) (void)reserve_.refill();
    std::vector<Result<std::int64_t>> results(batch.size(), Result<std::int64_t>(0));
    stage(batch, results);
    Result<> together = transact(batch, results);
    if (!together && batch.size() == 1 && std::holds_alternative<Accept>(batch[0])) {
        if (results[0]) results[0] = pass(together);
    } else if (!together) {
        for (bool intake : {false, true})
            for (std::size_t i = 0; i < batch.size(); ++i)
                if (results[i] && std::holds_alternative<Accept>(batch[i]) == intake)
                    apply_alone(batch[i], results[i]);
    }
    for (std::size_t i = 0; i < batch.size(); ++i)
        if (!results[i] || *results[i] == 0) discard_files(batch[i]);
    return results;
}

void Spool::apply_alone(Operation& operation, Result<std::int64_t>& result) {
    std::span<Operation> one(&operation, 1);
    Result<> done = transact(one, std::span(&result, 1));
    bool intake = std::holds_alternative<Accept>(operation);
    if (!done && !intake && done.error().temporary() && reserve_.release())
        done = transact(one, std::span(&result, 1));
    if (!done) result = pass(done);
}

// Content that belongs into files is written and flushed before any transaction that names it. Notices whose
// file cannot be made go into the database: the outcome they come with has to be recorded, and for that there
// is the reserve.
void Spool::stage(std::span<Operation> batch, std::span<Result<std::int64_t>> results) {
    bool files = false;
    // With several on their way to the disk at once, the first flush finds most of the work of the others
    // done.
    for (Operation& operation : batch)
        if (auto* accept = std::get_if<Accept>(&operation); accept != nullptr && accept->message.in_file)
            content_.begin_sync(accept->message.id);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        bool notices = std::holds_alternative<Settle>(batch[i]);
        for (NewMessage& message : new_messages(batch[i])) {
            Result<> placed = place_content(message);
            if (!placed && notices)
                into_database(message);
            else if (!placed)
                results[i] = pass(placed);
            files = files || message.in_file;
        }
    }
    Result<> flushed = files ? content_.sync_directory() : Result<>{};
    if (flushed) return;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        bool notices = std::holds_alternative<Settle>(batch[i]);
        for (NewMessage& message : new_messages(batch[i])) {
            if (notices)
                into_database(message);
            else if (message.in_file && results[i])
                results[i] = pass(flushed);
        }
    }
}

void Spool::into_database(NewMessage& notice) {
    if (std::exchange(notice.in_file, false)) content_.remove(notice.id);
}

Result<> Spool::place_content(NewMessage& message) {
    if (message.in_file) return content_.sync(message.id, message.envelope.size);
    if (!message.content && !message.copy_of) return permanent("a message without content");
    bool small =
        message.content && static_cast<std::int64_t>(message.content->size()) <= options_.in_database_limit;
    if (small) return {};
    Result<OwnedFd> file = content_.create(message.id);
    if (!file) return pass(file);
    message.in_file = true;
    Result<> written = write_content(message, file->get());
    if (written && ::fsync(file->get()) != 0) written = system_error("cannot flush content", errno);
    return written;
}

Result<> Spool::write_content(NewMessage& message, int file) {
    if (message.content) return write_all(file, *message.content);
    Result<> written = write_all(file, message.top);
    if (!written) return written;
    Result<OwnedFd> from = content_.open_for_reading(*message.copy_of);
    if (!from) return pass(from);
    auto left = message.envelope.size - static_cast<std::int64_t>(message.top.size());
    while (left > 0) {
        ssize_t copied =
            ::copy_file_range(from->get(), nullptr, file, nullptr, static_cast<std::size_t>(left), 0);
        if (copied < 0 && errno == EINTR) continue;
        if (copied < 0) return system_error("cannot copy content", errno);
        if (copied == 0) return temporary("content is shorter than its envelope says");
        left -= copied;
    }
    return {};
}

// The files of an operation that failed, unless a message that stands has them (a receiver named an id
// twice).
void Spool::discard_files(Operation& operation) {
    for (const NewMessage& message : new_messages(operation)) {
        if (!message.in_file) continue;
        sqlite::Rows rows = (*statements_)[sql::find_file].query(message.id.sequence, message.id.time_us);
        Result<bool> found = rows.next();
        if (found && !*found) content_.remove(message.id);
    }
}

Result<> Spool::transact(std::span<Operation> batch, std::span<Result<std::int64_t>> results) {
    doomed_files_.clear();
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(statements_->database);
    if (!transaction) return pass(transaction);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!results[i]) continue;  // its files failed
        Result<std::int64_t> value =
            std::visit([this](const auto& operation) { return run(operation); }, batch[i]);
        if (!value) return pass(value);
        results[i] = value;
    }
    Result<> committed = transaction->commit();
    if (!committed) return committed;
    for (const text::QueueId& id : doomed_files_) content_.remove(id);
    return {};
}

Result<> Spool::insert(const NewMessage& message) {
    const Envelope& e = message.envelope;
    Sequence seq = message.id.sequence;
    Result<> done = (*statements_)[sql::insert_message].run(
        seq, message.id.time_us, message.next_attempt, message.hold, e.arrived_us / us_per_second,
        std::to_underlying(message.kind), e.size, message.in_file, e.eight_bit, e.longest_line, e.header_size,
        e.sender, null_if_empty(e.message_id), null_if_empty(e.envelope_id), std::to_underlying(e.dsn_return),
        null_if_empty(e.client), null_if_empty(e.client_address), null_if_empty(e.helo),
        null_if_empty(e.protocol), null_if_empty(e.login), e.arrived_us, e.leading_dot, e.line_ends,
        null_if_empty(e.grant), null_if_empty(fmt::to_string(fmt::join(e.delivered_to, "\n"))),
        std::to_underlying(e.trace));
    for (const Recipient& r : message.recipients)
        if (done) done = insert(seq, r);
    if (done && !message.in_file)
        done = (*statements_)[sql::insert_content].run(seq, sqlite::Blob{*message.content});
    return done;
}

Result<> Spool::insert(Sequence sequence, const Recipient& r) {
    return (*statements_)[sql::insert_recipient].run(
        sequence, r.number, r.address, null_if_empty(r.original), std::to_underlying(r.state), r.resolved,
        r.notify, null_if_empty(r.orcpt), std::to_underlying(r.destination), null_if_empty(r.target),
        null_if_empty(r.user));
}

Result<std::int64_t> Spool::run(const Accept& accept) {
    const NewMessage& message = accept.message;
    if (!message.drop.empty()) {
        Result<bool> first = change(sql::remember_drop, message.drop, message.drop_part);
        if (!first) return pass(first);
        if (!*first) {
            if (message.in_file) doomed_files_.push_back(message.id);
            return 0;
        }
    }
    Result<> done = insert(message);
    if (!done) return pass(done);
    return 1;
}

Result<std::int64_t> Spool::run(const Settle& settle) {
    Sequence seq = settle.id.sequence;
    Result<bool> there = true;
    if (settle.then == Settle::Then::remove)
        there = erase(seq);
    else if (settle.then == Settle::Then::defer)
        there = change(sql::defer_message, seq, settle.next_attempt, settle.age, settle.seen, settle.attempts,
                       settle.warned, std::to_underlying(settle.trace));
    if (!there) return pass(there);
    if (!*there) return 0;  // deleted meanwhile: nothing is told about it either
    Result<> done;
    if (settle.then != Settle::Then::remove) done = record(settle);
    for (const NewMessage& notice : settle.notices)
        if (done) done = insert(notice);
    if (!done) return pass(done);
    return 1;
}

Result<> Spool::record(const Settle& settle) {
    Sequence seq = settle.id.sequence;
    Result<> done;
    for (const RecipientOutcome& outcome : settle.outcomes)
        if (done) done = record(seq, outcome);
    for (std::int64_t number : settle.reported)
        if (done) done = (*statements_)[sql::end_recipient].run(seq, number);
    return done;
}

Result<> Spool::record(Sequence sequence, const RecipientOutcome& o) {
    return (*statements_)[sql::update_recipient].run(
        sequence, o.number, std::to_underlying(o.state), null_if_empty(o.status), null_if_empty(o.reason),
        null_if_empty(o.remote), null_if_empty(o.reply), null_if_empty(o.relay), null_if_empty(o.action));
}

Result<std::int64_t> Spool::run(const Expand& expand) {
    Result<bool> there = change(sql::end_recipient, expand.sequence, expand.number);
    if (!there) return pass(there);
    if (!*there) return 0;
    Result<> told = expand.told ? record(expand.sequence, *expand.told) : Result<>{};
    if (!told) return pass(told);
    for (const Recipient& recipient : expand.results) {
        Result<> done = insert(expand.sequence, recipient);
        if (!done) return pass(done);
    }
    for (const NewMessage& message : expand.forwarded) {
        Result<> done = insert(message);
        if (!done) return pass(done);
    }
    return 1;
}

Result<std::int64_t> Spool::run(const Command& command) {
    using Verb = Command::Verb;
    if (command.verb == Verb::remove) return as_count(erase(command.sequence));
    if (command.verb == Verb::requeue) {
        Result<> forgotten = (*statements_)[sql::requeue_recipients].run(command.sequence);
        if (!forgotten) return pass(forgotten);
    }
    int statement = command.verb == Verb::hold      ? sql::hold
                    : command.verb == Verb::release ? sql::release
                    : command.verb == Verb::requeue ? sql::requeue
                    : command.verb == Verb::expire  ? sql::expire
                                                    : sql::attempt_now;
    return as_count(change(statement, command.sequence));
}

Result<std::int64_t> Spool::run(const Flush& flush) {
    Result<> done = flush.site.empty() ? (*statements_)[sql::flush_all].run()
                                       : (*statements_)[sql::flush_site].run(text::to_lower(flush.site));
    if (!done) return pass(done);
    return statements_->database.changes();
}

Result<std::int64_t> Spool::run(const ReserveSequence& reserve) {
    sqlite::Rows rows = (*statements_)[sql::read_sequence].query();
    Result<bool> found = rows.next();
    if (!found) return pass(found);
    if (!*found) return temporary("the spool has lost its sequence number");
    std::int64_t first = rows.number(0);
    Result<> taken = (*statements_)[sql::take_sequence].run(reserve.count);
    if (!taken) return pass(taken);
    return first;
}

Result<std::int64_t> Spool::run(const ForgetDrops& forget) {
    std::string kept = "/";
    for (const std::string& name : forget.keep) kept += name + "/";
    Result<> done = (*statements_)[sql::forget_drops].run(kept);
    if (!done) return pass(done);
    return statements_->database.changes();
}

template <class... Values>
Result<bool> Spool::change(int statement, const Values&... values) {
    Result<> done = (*statements_)[statement].run(values...);
    if (!done) return pass(done);
    return statements_->database.changes() > 0;
}

Result<bool> Spool::erase(Sequence sequence) {
    std::optional<text::QueueId> file;
    {
        sqlite::Rows rows = (*statements_)[sql::delete_message].query(sequence);
        Result<bool> found = rows.next();
        if (!found || !*found) return found;
        if (rows.number(1) != 0) file = text::QueueId{rows.number(0), sequence};
        Result<bool> end = rows.next();  // the statement has to run to its end
        if (!end) return end;
    }
    Result<> done = (*statements_)[sql::delete_recipients].run(sequence);
    if (done && !file) done = (*statements_)[sql::delete_content].run(sequence);
    if (!done) return pass(done);
    if (file) doomed_files_.push_back(*file);
    return true;
}

}  // namespace ekiden::queue
