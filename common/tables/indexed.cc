// An SQLite file that is opened as immutable: no locks and no log files, for it is never changed in place.
#include "common/tables/indexed.h"

#include "common/config/built_table.h"
#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

constexpr std::string_view steps[] = {
    "CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"};

}  // namespace

Result<> IndexedTable::reopen_if_changed() {
    Result<bool> changed = file_.changed();
    if (!changed) return pass(changed);
    if (database_ && !*changed) return {};
    find_ = {};
    database_ = {};
    Result<sqlite::Database> database =
        sqlite::Database::open(file_.path(), {.access = sqlite::Access::immutable, .cache_kib = 256});
    const std::string foreign = file_.path() + " is not a table built by ekimap" + file_.remedy();
    if (!database)
        return config::is_built_table(file_.path()) ? Result<>(pass(database)) : temporary(foreign);
    Result<std::int64_t> id = database->number("PRAGMA application_id");
    Result<std::int64_t> version = database->number("PRAGMA user_version");
    if (!id || *id != config::built_table_id || !version || *version != 1) return temporary(foreign);
    database_ = std::move(*database);
    Result<sqlite::Statement> find = database_.prepare("SELECT value FROM entry WHERE key = ?");
    if (!find) {
        database_ = {};
        return pass(find);
    }
    find_ = std::move(*find);
    return {};
}

Found IndexedTable::find_now(std::string_view key) {
    if (Result<> open = reopen_if_changed(); !open) return pass(open);
    sqlite::Rows rows = find_.query(fold_ ? text::fold_case(key) : std::string(key));
    Result<bool> row = rows.next();
    if (!row) return pass(row);
    if (!*row) return std::nullopt;
    return std::string(rows.text(0));
}

Result<> IndexedTable::each(const std::function<void(std::string_view, std::string_view)>& visit) {
    if (Result<> open = reopen_if_changed(); !open) return open;
    Result<sqlite::Statement> all = database_.prepare("SELECT key, value FROM entry ORDER BY key");
    if (!all) return pass(all);
    sqlite::Rows rows = all->query();
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return {};
        visit(rows.text(0), rows.text(1));
    }
}

Result<> write_indexed(const std::string& path, const std::vector<TextEntry>& entries) {
    Result<sqlite::Database> database = sqlite::Database::open(
        path, {.access = sqlite::Access::create, .durable = true, .write_ahead_log = false});
    if (!database) return pass(database);
    if (Result<> made = database->migrate(steps); !made) return made;
    if (Result<> made =
            database->run_script("PRAGMA application_id=" + std::to_string(config::built_table_id));
        !made)
        return made;
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(*database);
    if (!transaction) return pass(transaction);
    Result<sqlite::Statement> insert = database->prepare("INSERT INTO entry VALUES (?, ?)");
    if (!insert) return pass(insert);
    for (const TextEntry& entry : entries)
        if (Result<> done = insert->run(entry.key, entry.value); !done) return done;
    return transaction->commit();
}

}  // namespace ekiden::tables
