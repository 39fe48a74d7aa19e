#pragma once
// One connection to an SQLite database, and transactions on it. The connection is opened so that it goes on
// working after chroot: the write-ahead log and its index are open and mapped when open() returns, temporary
// data stay in memory. A connection is used by one thread at a time (it may move between threads); several
// connections, also of several processes, may be open to one file.
//
// Durability: with `durable` (synchronous=FULL) a commit that returned has survived loss of power. Without it
// (NORMAL) the last commits may be missing afterwards, but the file is whole.
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/sqlite/statement.h"

struct sqlite3;

namespace ekiden::sqlite {

enum class Access {
    create,      // read and write; made when it is not there
    read_write,  // must be there
    read_only,   // must be there
    immutable,   // read only, and nobody changes this file (it is replaced by rename): no locks, no log files
};

struct Options {
    Access access = Access::create;
    bool durable = true;
    bool write_ahead_log = true;  // false: a rollback journal, for a file that will be published whole
    bool exclusive = false;  // nobody else opens it meanwhile: locked once, the log's index is not shared
    Milliseconds busy_timeout{5000};  // how long to wait for another connection's lock
    mode_t mode = 0600;               // of a file that is made; its log files get the same mode and owner
    std::int64_t cache_kib = 2048;    // page cache
    std::int64_t checkpoint_pages = 1000;  // the log is folded into the file when it has this many pages
};

class Database {
  public:
    Database() = default;

    // Path ":memory:" gives a private database in memory.
    static Result<Database> open(const std::string& path, const Options& options = {});

    // Brings the schema up to date: steps[n] leads from version n (PRAGMA user_version) to n + 1, each in a
    // transaction of its own. A file from a newer program is refused.
    Result<> migrate(std::span<const std::string_view> steps);

    Result<Statement> prepare(std::string_view sql);

    // Prepares, binds and runs one statement; for what is not done often.
    template <class... Values>
    Result<> run(std::string_view sql, const Values&... values) {
        Result<Statement> statement = prepare(sql);
        if (!statement) return pass(statement);
        return statement->run(values...);
    }

    // Runs a script of any number of statements without parameters.
    Result<> run_script(const std::string& sql);

    // The only number that a query gives: "SELECT count(*) FROM t". An error when it gives no row.
    template <class... Values>
    Result<std::int64_t> number(std::string_view sql, const Values&... values) {
        Result<Statement> statement = prepare(sql);
        if (!statement) return pass(statement);
        Rows rows = statement->query(values...);
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return not_found("no row: " + std::string(sql));
        return rows.number(0);
    }

    // Rows changed by the last INSERT, UPDATE or DELETE.
    std::int64_t changes() const;
    std::int64_t last_insert_id() const;
    bool in_transaction() const;

    // Folds the write-ahead log into the file and empties it where no reader is in the way.
    Result<> checkpoint();
    // Changes whenever another connection committed: tells that what was read before may be stale.
    Result<std::int64_t> data_version();

    // The whole database as the octets of a file, for one that is built in memory and published by rename.
    Result<std::string> image() const;

    // Statements that run longer than this from now on end with an error; 0: no limit. For those whose work
    // grows with the file.
    void limit_time(Milliseconds time);
    // Whether the limit ended one.
    bool time_was_up() const { return limit_ && limit_->reached; }

    explicit operator bool() const { return handle_ != nullptr; }

  private:
    struct TimeLimit {
        std::int64_t until_us = 0;
        bool reached = false;
    };
    struct Closer {
        void operator()(sqlite3* handle) const;
    };
    Result<> configure(const Options& options);

    std::string path_;
    std::unique_ptr<TimeLimit> limit_;  // SQLite holds its address
    std::unique_ptr<sqlite3, Closer> handle_;
};

// A write transaction (BEGIN IMMEDIATE): what is not committed is rolled back when the guard goes. The
// Database must outlive it and stay where it is.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    // After an error nothing of the transaction stands.
    Result<> commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace ekiden::sqlite
