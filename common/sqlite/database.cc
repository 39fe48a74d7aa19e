// Opening and configuring connections, schema versions, transactions.
//
// After chroot SQLite can no longer find its files by path, so open() makes it open the write-ahead log and
// map its index at once, by an empty write transaction (or a read, for a reader). The log file is never
// removed while a connection is open, so nothing is opened by path later; what would be removed by the last
// one to close stays behind in that case and is taken up at the next start.
#include "common/sqlite/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "common/base/owned_fd.h"
#include "common/sqlite/failure.h"
#include "common/text/ascii.h"

namespace ekiden::sqlite {
namespace {

// SQLite would make the file with the mode that umask leaves; its log files copy the mode and, for root, the
// owner.
Result<> make_file(const std::string& path, mode_t mode) {
    OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return system_error("cannot open database " + path, errno);
    return {};
}

std::string uri_of(const std::string& path) {
    std::string uri = "file:";
    for (char c : path) {
        if (text::is_alnum(c) || c == '/' || c == '.' || c == '_' || c == '-')
            uri.push_back(c);
        else
            uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return uri + "?immutable=1";
}

int open_flags(Access access) {
    constexpr int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    switch (access) {
        case Access::create: return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        case Access::read_write: return common | SQLITE_OPEN_READWRITE;
        case Access::read_only: return common | SQLITE_OPEN_READONLY;
        case Access::immutable: return common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    }
    return common | SQLITE_OPEN_READONLY;
}

bool writes(Access access) { return access == Access::create || access == Access::read_write; }

}  // namespace

std::unexpected<Error> failure_of(sqlite3* handle, const char* doing) {
    int code = sqlite3_errcode(handle) & 0xff;
    int system = sqlite3_system_errno(handle);
    std::string text = fmt::format("database: {}", sqlite3_errmsg(handle));
    bool from_system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL;
    if (from_system && system != 0) text += fmt::format(" ({})", strerror(system));
    if (doing != nullptr) text += fmt::format(" [{}]", text::printable(doing, 80));
    if (code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH) return permanent(text);
    return temporary(text);
}

void Database::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& path, const Options& options) {
    bool in_memory = path == ":memory:";
    if (options.access == Access::create && !in_memory) {
        Result<> made = make_file(path, options.mode);
        if (!made) return pass(made);
    }
    std::string name = options.access == Access::immutable ? uri_of(path) : path;
    Database database;
    database.path_ = path;
    sqlite3* handle = nullptr;
    int code = sqlite3_open_v2(name.c_str(), &handle, open_flags(options.access), nullptr);
    database.handle_.reset(handle);  // SQLite gives a handle with most errors too
    if (handle == nullptr) return temporary("cannot open database " + path + ": out of memory");
    if (code != SQLITE_OK) return failure_of(handle, path.c_str());
    // Where the file cannot be opened for writing, no descriptor being left for instance, SQLite opens it for
    // reading and refuses every change until the program starts anew.
    if (writes(options.access) && sqlite3_db_readonly(handle, "main") == 1)
        return temporary("cannot open database " + path + " for writing");
    Options chosen = options;
    if (in_memory) chosen.write_ahead_log = false;
    Result<> configured = database.configure(chosen);
    if (!configured)
        return std::unexpected(Error{configured.error().kind, path + ": " + configured.error().text});
    return database;
}

Result<> Database::configure(const Options& options) {
    sqlite3_busy_timeout(handle_.get(), static_cast<int>(options.busy_timeout.count()));
    // A schema that somebody else wrote into the file cannot call functions with side effects.
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    Result<> done = run_script(fmt::format(
        "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON; PRAGMA cache_size=-{};", options.cache_kib));
    if (!done) return done;
    if (!writes(options.access)) {
        Result<std::int64_t> read = number("SELECT count(*) FROM sqlite_master");
        if (!read) return pass(read);
        return {};
    }
    if (options.exclusive) done = run_script("PRAGMA locking_mode=EXCLUSIVE;");
    if (!done) return done;
    done =
        run_script(fmt::format("PRAGMA journal_mode={}; PRAGMA synchronous={}; PRAGMA wal_autocheckpoint={};",
                               options.write_ahead_log ? "WAL" : "DELETE",
                               options.durable ? "FULL" : "NORMAL", options.checkpoint_pages));
    if (!done) return done;
    return run_script("BEGIN IMMEDIATE; COMMIT;");
}

void Database::limit_time(Milliseconds time) {
    constexpr int steps = 10'000;  // of SQLite's machine between two looks at the clock: some 0.1 ms
    if (time <= Milliseconds(0)) {
        sqlite3_progress_handler(handle_.get(), 0, nullptr, nullptr);
        return;
    }
    limit_ = std::make_unique<TimeLimit>(system_clock().steady_us() + time.count() * 1000);
    auto look = [](void* state) {
        auto* limit = static_cast<TimeLimit*>(state);
        limit->reached = system_clock().steady_us() >= limit->until_us;
        return limit->reached ? 1 : 0;
    };
    sqlite3_progress_handler(handle_.get(), steps, look, limit_.get());
}

Result<> Database::migrate(std::span<const std::string_view> steps) {
    Result<Transaction> transaction = Transaction::begin(*this);
    if (!transaction) return pass(transaction);
    Result<std::int64_t> version = number("PRAGMA user_version");
    if (!version) return pass(version);
    if (*version > static_cast<std::int64_t>(steps.size()))
        return permanent(fmt::format("{}: schema version {} is newer than this program's {}", path_, *version,
                                     steps.size()));
    for (std::size_t step = static_cast<std::size_t>(*version); step < steps.size(); ++step) {
        Result<> done = run_script(std::string(steps[step]));
        if (!done) return done;
        done = run_script(fmt::format("PRAGMA user_version={}", step + 1));
        if (!done) return done;
    }
    return transaction->commit();
}

Result<Statement> Database::prepare(std::string_view sql) {
    if (!handle_) return temporary("database is not open");
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure_of(handle_.get(), std::string(sql).c_str());
    if (statement == nullptr) return permanent("an empty SQL statement");
    return Statement(statement);
}

Result<> Database::run_script(const std::string& sql) {
    if (!handle_) return temporary("database is not open");
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return failure_of(handle_.get(), sql.c_str());
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }
std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
bool Database::in_transaction() const { return handle_ && sqlite3_get_autocommit(handle_.get()) == 0; }

Result<> Database::checkpoint() {
    int code =
        sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
    return failure_of(handle_.get(), "checkpoint");
}

Result<std::int64_t> Database::data_version() { return number("PRAGMA data_version"); }

Result<std::string> Database::image() const {
    sqlite3_int64 size = 0;
    std::unique_ptr<unsigned char, void (*)(void*)> octets(sqlite3_serialize(handle_.get(), "main", &size, 0),
                                                           sqlite3_free);
    if (!octets) return temporary("not enough memory for an image of a database");
    return std::string(reinterpret_cast<const char*>(octets.get()), static_cast<std::size_t>(size));
}

Result<Transaction> Transaction::begin(Database& database) {
    Result<> begun = database.run_script("BEGIN IMMEDIATE");
    if (!begun) return pass(begun);
    return Transaction(database);
}

Transaction::~Transaction() {
    // A failed rollback can only mean that SQLite has rolled back by itself (full disk, I/O error).
    if (database_ != nullptr && database_->in_transaction()) (void)database_->run_script("ROLLBACK");
}

Result<> Transaction::commit() {
    Result<> done = database_->run_script("COMMIT");
    if (!done && database_->in_transaction()) (void)database_->run_script("ROLLBACK");
    database_ = nullptr;
    return done;
}

}  // namespace ekiden::sqlite
