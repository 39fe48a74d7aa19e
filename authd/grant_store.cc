#include "authd/grant_store.h"

#include <array>

namespace ekiden::authd {
namespace {

constexpr std::array<std::string_view, 1> schema{
    "CREATE TABLE relay_grant (network TEXT NOT NULL, user TEXT NOT NULL, service TEXT NOT NULL, since "
    "INTEGER NOT "
    "NULL, expires INTEGER NOT NULL, recipients INTEGER NOT NULL, PRIMARY KEY (network, user)) WITHOUT ROWID",
};

}  // namespace

Result<SqliteGrantStore> SqliteGrantStore::open(const std::string& path) {
    sqlite::Options options;
    options.durable = false;
    Result<sqlite::Database> database = sqlite::Database::open(path, options);
    if (!database) return pass(database);
    Result<> migrated = database->migrate(schema);
    if (!migrated) return pass(migrated);
    SqliteGrantStore store(std::move(*database));
    Result<sqlite::Statement> put =
        store.database_.prepare("REPLACE INTO relay_grant VALUES (?, ?, ?, ?, ?, ?)");
    if (!put) return pass(put);
    Result<sqlite::Statement> erase =
        store.database_.prepare("DELETE FROM relay_grant WHERE network = ? AND user = ?");
    if (!erase) return pass(erase);
    store.put_ = std::move(*put);
    store.erase_ = std::move(*erase);
    return store;
}

Result<std::vector<Grant>> SqliteGrantStore::load() {
    Result<sqlite::Statement> statement = database_.prepare(
        "SELECT network, user, service, since, expires, recipients FROM relay_grant ORDER BY since, network, "
        "user");
    if (!statement) return pass(statement);
    std::vector<Grant> kept;
    sqlite::Rows rows = statement->query();
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return kept;
        kept.push_back({std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)),
                        rows.number(3), rows.number(4), rows.number(5)});
    }
}

Result<> SqliteGrantStore::apply(const GrantChange& change) {
    const Grant& grant = change.grant;
    switch (change.kind) {
        case GrantChange::Kind::put:
            return put_.run(grant.network, grant.user, grant.service, grant.since, grant.expires,
                            grant.recipients);
        case GrantChange::Kind::erase: return erase_.run(grant.network, grant.user);
        case GrantChange::Kind::erase_all: return database_.run("DELETE FROM relay_grant");
    }
    return {};
}

Result<> SqliteGrantStore::save(const std::vector<GrantChange>& changes) {
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(database_);
    if (!transaction) return pass(transaction);
    for (const GrantChange& change : changes) {
        Result<> applied = apply(change);
        if (!applied) return applied;
    }
    return transaction->commit();
}

}  // namespace ekiden::authd
