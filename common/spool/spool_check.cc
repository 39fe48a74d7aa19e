// The structure of the spool: what ekisuper -s and -p look for. What is wrong with one message puts that one
// on hold, which its finder does; what belongs to no message goes. Nothing here takes longer than its limit,
// for no mail is recorded meanwhile.
#include <sys/stat.h>

#include <cerrno>

#include <fmt/format.h>

#include "common/spool/spool.h"
#include "common/spool/spool_statements.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

constexpr std::int64_t most_troubles = 20;  // that quick_check tells
constexpr std::size_t line_limit = 200;

// Rows that no message has.
struct Strays {
    const char* table;
    const char* count;
    const char* remove;
};
constexpr Strays strays[] = {
    {"recipient", "SELECT count(*) FROM recipient WHERE seq NOT IN (SELECT seq FROM message)",
     "DELETE FROM recipient WHERE seq NOT IN (SELECT seq FROM message)"},
    {"content", "SELECT count(*) FROM content WHERE seq NOT IN (SELECT seq FROM message)",
     "DELETE FROM content WHERE seq NOT IN (SELECT seq FROM message)"},
};

}  // namespace

Result<std::vector<std::string>> Spool::check_database(Milliseconds limit) {
    sqlite::Database& database = statements_->database;
    std::vector<std::string> lines;
    database.limit_time(limit);
    Result<sqlite::Statement> check = database.prepare(fmt::format("PRAGMA quick_check({})", most_troubles));
    if (!check) return pass(check);
    bool whole = true;
    {
        sqlite::Rows rows = check->query();
        while (whole) {
            Result<bool> row = rows.next();
            if (!row && database.time_was_up()) {
                lines.push_back(fmt::format("queue.db: not checked to its end within {} ms", limit.count()));
                whole = false;
            } else if (!row) {
                lines.push_back("queue.db: " + row.error().text);
                whole = false;
            } else if (!*row) {
                break;
            } else if (rows.text(0) != "ok") {
                lines.push_back("queue.db is damaged: " + text::printable(rows.text(0), line_limit));
            }
        }
    }
    database.limit_time(Milliseconds(0));
    if (!lines.empty()) return lines;
    for (const Strays& each : strays) {
        Result<std::int64_t> count = database.number(each.count);
        if (!count) return pass(count);
        if (*count == 0) continue;
        Result<> removed = database.run(each.remove);
        if (!removed) return pass(removed);
        lines.push_back(
            fmt::format("queue.db: {} rows of {} without a message: removed", *count, each.table));
    }
    return lines;
}

Result<CheckedMessages> Spool::check_messages(Sequence after, std::int64_t limit) {
    CheckedMessages checked;
    std::vector<Suspect>& suspects = checked.suspects;
    sqlite::Rows rows = (*statements_)[sql::check_messages].query(after, limit);
    std::int64_t seen = 0;
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) break;
        ++seen;
        text::QueueId id{rows.number(1), rows.number(0)};
        checked.next = id.sequence;
        bool in_file = rows.number(2) != 0;
        std::int64_t size = rows.number(3), stored = rows.number(4);
        if (in_file) {
            Result<std::int64_t> measured = content_.size(id);
            if (!measured && measured.error().kind != ErrorKind::not_found) return pass(measured);
            stored = measured ? *measured : -1;
        }
        std::string where = in_file ? "content/" + print(id) : std::string("its content in queue.db");
        if (stored < 0)
            suspects.push_back({id, where + " is missing"});
        else if (stored != size)
            suspects.push_back({id, fmt::format("{} has {} octets instead of {}", where, stored, size)});
        else if (rows.number(5) == 0)
            suspects.push_back({id, "it has no recipients"});
    }
    if (seen < limit) checked.next = -1;
    return checked;
}

Result<int> Spool::sweep_before(Sequence first) {
    sqlite::Statement& find = (*statements_)[sql::find_file];
    Result<> failure;
    Result<int> swept = content_.sweep([&](const text::QueueId& id) {
        if (id.sequence >= first) return true;
        sqlite::Rows rows = find.query(id.sequence, id.time_us);
        Result<bool> found = rows.next();
        if (!found) failure = pass(found);
        return !found || *found;  // when in doubt it stays
    });
    if (swept && !failure) return std::unexpected(failure.error());
    return swept;
}

}  // namespace ekiden::queue
