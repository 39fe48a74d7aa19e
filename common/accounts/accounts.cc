#include "common/accounts/accounts.h"

#include <fmt/format.h>

#include <array>

namespace ekiden::accounts {
namespace {

constexpr std::array<std::string_view, 2> schema{
    "CREATE TABLE domain (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE account ("
    "  address TEXT PRIMARY KEY, domain TEXT NOT NULL REFERENCES domain (name), mailbox TEXT NOT NULL,"
    "  password_hash TEXT NOT NULL, sealed_secret BLOB NOT NULL, enabled INTEGER NOT NULL, quota INTEGER NOT "
    "NULL,"
    "  uid INTEGER, gid INTEGER, created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX account_domain ON account (domain);"
    "CREATE TABLE alias (address TEXT NOT NULL, domain TEXT NOT NULL REFERENCES domain (name), target TEXT "
    "NOT NULL,"
    "  created INTEGER NOT NULL, PRIMARY KEY (address, target)) WITHOUT ROWID;"
    "CREATE INDEX alias_domain ON alias (domain);"
    "CREATE INDEX alias_target ON alias (target);",
    // In version 1 every mailbox was a Maildir, whatever its path ended with.
    "UPDATE account SET mailbox = mailbox || '/' WHERE mailbox NOT LIKE '%/';",
};

constexpr std::string_view account_columns =
    "SELECT address, mailbox, password_hash, sealed_secret, enabled, quota, uid, gid, created, changed FROM "
    "account ";

Account read_account(const sqlite::Rows& row) {
    Account account;
    account.address = row.text(0);
    account.mailbox = row.text(1);
    account.password_hash = row.text(2);
    account.sealed_secret = row.blob(3);
    account.enabled = row.number(4) != 0;
    account.quota = static_cast<std::uint64_t>(row.number(5));
    if (!row.is_null(6)) account.uid = static_cast<std::uint32_t>(row.number(6));
    if (!row.is_null(7)) account.gid = static_cast<std::uint32_t>(row.number(7));
    account.created = row.number(8);
    account.changed = row.number(9);
    return account;
}

// All rows of a statement, each made by `make`.
template <class T, class Make, class... Values>
Result<std::vector<T>> collect(Result<sqlite::Statement> statement, Make make, const Values&... values) {
    if (!statement) return pass(statement);
    std::vector<T> found;
    sqlite::Rows rows = statement->query(values...);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return found;
        found.push_back(make(rows));
    }
}

std::string domain_of(std::string_view address) {
    return std::string(address.substr(address.rfind('@') + 1));
}

std::unexpected<Error> exists_already(std::string_view what) {
    return denied(fmt::format("{} exists already", what));
}

}  // namespace

Result<Accounts> Accounts::open(const std::string& path, sqlite::Access access, const Clock& clock) {
    sqlite::Options options;
    options.access = access;
    Result<sqlite::Database> database = sqlite::Database::open(path, options);
    if (!database) return pass(database);
    if (access != sqlite::Access::read_only) {
        Result<> migrated = database->migrate(schema);
        if (!migrated) return pass(migrated);
    }
    Accounts accounts(std::move(*database), clock);
    Result<sqlite::Statement> find =
        accounts.database_.prepare(std::string(account_columns) + "WHERE address = ?");
    if (!find) return pass(find);
    accounts.find_ = std::move(*find);
    Result<sqlite::Statement> owners = accounts.database_.prepare(
        "SELECT address FROM account WHERE address = ?1 UNION SELECT target FROM alias WHERE address = ?1");
    if (!owners) return pass(owners);
    accounts.owners_ = std::move(*owners);
    return accounts;
}

Result<std::optional<Account>> Accounts::find(std::string_view address) {
    sqlite::Rows rows = find_.query(address);
    Result<bool> row = rows.next();
    if (!row) return pass(row);
    if (!*row) return std::optional<Account>();
    return read_account(rows);
}

Result<std::vector<std::string>> Accounts::sender_owners(std::string_view sender) {
    std::vector<std::string> owners;
    Result<Name> name = parse_name(sender);
    if (!name) return owners;
    for (const std::string& address : {name->address(), "@" + name->domain}) {
        sqlite::Rows rows = owners_.query(address);
        while (true) {
            Result<bool> row = rows.next();
            if (!row) return pass(row);
            if (!*row) break;
            owners.emplace_back(rows.text(0));
        }
        if (!owners.empty()) break;
    }
    return owners;
}

Result<bool> Accounts::has_domain(std::string_view domain) {
    Result<std::int64_t> count = database_.number("SELECT count(*) FROM domain WHERE name = ?", domain);
    if (!count) return pass(count);
    return *count != 0;
}

Result<bool> Accounts::any_sealed() {
    Result<std::int64_t> any =
        database_.number("SELECT EXISTS (SELECT 1 FROM account WHERE enabled AND length(sealed_secret) > 0)");
    if (!any) return pass(any);
    return *any != 0;
}

Result<std::vector<std::string>> Accounts::domains() {
    return collect<std::string>(database_.prepare("SELECT name FROM domain ORDER BY name"),
                                [](const sqlite::Rows& row) { return std::string(row.text(0)); });
}

Result<std::vector<Account>> Accounts::list(std::string_view domain) {
    return collect<Account>(database_.prepare(std::string(account_columns) +
                                              "WHERE ?1 = '' OR domain = ?1 ORDER BY domain, address"),
                            read_account, domain);
}

Result<std::vector<Alias>> Accounts::aliases(std::string_view domain) {
    return collect<Alias>(
        database_.prepare(
            "SELECT address, target FROM alias WHERE ?1 = '' OR domain = ?1 ORDER BY address, target"),
        [](const sqlite::Rows& row) { return Alias{std::string(row.text(0)), std::string(row.text(1))}; },
        domain);
}

Result<> Accounts::changed_one(Result<> done, std::string_view what) {
    if (!done) return done;
    if (database_.changes() == 0) return not_found(fmt::format("{} does not exist", what));
    return {};
}

Result<> Accounts::add_domain(std::string_view domain) {
    Result<std::string> name = parse_domain(domain);
    if (!name) return pass(name);
    Result<> done = database_.run("INSERT OR IGNORE INTO domain (name, created) VALUES (?, ?)", *name,
                                  clock_->wall_seconds());
    if (done && database_.changes() == 0) return exists_already("domain " + *name);
    return done;
}

Result<> Accounts::remove_domain(std::string_view domain) {
    Result<std::string> name = parse_domain(domain);
    if (!name) return pass(name);
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(database_);
    if (!transaction) return pass(transaction);
    Result<std::int64_t> used = database_.number(
        "SELECT (SELECT count(*) FROM account WHERE domain = ?1) + "
        "(SELECT count(*) FROM alias WHERE domain = ?1)",
        *name);
    if (!used) return pass(used);
    if (*used != 0)
        return denied(
            fmt::format("domain {} still has {} accounts and aliases; delete them first", *name, *used));
    Result<> done = changed_one(database_.run("DELETE FROM domain WHERE name = ?", *name), "domain " + *name);
    if (!done) return done;
    return transaction->commit();
}

Result<> Accounts::add(const Account& account, bool make_domain) {
    Result<Name> name = parse_name(account.address);
    if (!name) return pass(name);
    std::string address = name->address();
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(database_);
    if (!transaction) return pass(transaction);
    std::int64_t now = clock_->wall_seconds();
    if (make_domain) {
        Result<> made =
            database_.run("INSERT OR IGNORE INTO domain (name, created) VALUES (?, ?)", name->domain, now);
        if (!made) return made;
    }
    Result<bool> known = has_domain(name->domain);
    if (!known) return pass(known);
    if (!*known) return not_found(fmt::format("domain {} does not exist; add it first", name->domain));
    Result<std::optional<Account>> there = find(address);
    if (!there) return pass(there);
    if (*there) return exists_already("account " + address);
    Result<> done = database_.run(
        "INSERT INTO account (address, domain, mailbox, password_hash, sealed_secret, enabled, quota, uid, "
        "gid, "
        "created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?10, ?10)",
        address, name->domain, account.mailbox.empty() ? name->mailbox() : account.mailbox,
        account.password_hash, sqlite::Blob{account.sealed_secret}, account.enabled, account.quota,
        account.uid, account.gid, now);
    if (!done) return done;
    return transaction->commit();
}

Result<> Accounts::remove(std::string_view address) {
    Result<Name> name = parse_name(address);
    if (!name) return pass(name);
    return changed_one(database_.run("DELETE FROM account WHERE address = ?", name->address()),
                       "account " + name->address());
}

Result<> Accounts::set_password(std::string_view address, std::string_view password_hash,
                                std::string_view sealed_secret) {
    Result<Name> name = parse_name(address);
    if (!name) return pass(name);
    return changed_one(
        database_.run(
            "UPDATE account SET password_hash = ?, sealed_secret = ?, changed = ? WHERE address = ?",
            password_hash, sqlite::Blob{sealed_secret}, clock_->wall_seconds(), name->address()),
        "account " + name->address());
}

Result<> Accounts::set_enabled(std::string_view address, bool enabled) {
    Result<Name> name = parse_name(address);
    if (!name) return pass(name);
    return changed_one(database_.run("UPDATE account SET enabled = ?, changed = ? WHERE address = ?", enabled,
                                     clock_->wall_seconds(), name->address()),
                       "account " + name->address());
}

Result<> Accounts::set_quota(std::string_view address, std::uint64_t quota) {
    Result<Name> name = parse_name(address);
    if (!name) return pass(name);
    return changed_one(database_.run("UPDATE account SET quota = ?, changed = ? WHERE address = ?", quota,
                                     clock_->wall_seconds(), name->address()),
                       "account " + name->address());
}

Result<> Accounts::add_alias(std::string_view alias, std::string_view target) {
    Result<std::string> from = parse_alias(alias);
    if (!from) return pass(from);
    Result<Name> to = parse_name(target);
    if (!to) return pass(to);
    if (*from == to->address()) return denied(fmt::format("alias {} would lead to itself", *from));
    std::string domain = domain_of(*from);
    Result<bool> known = has_domain(domain);
    if (!known) return pass(known);
    if (!*known) return not_found(fmt::format("domain {} does not exist; add it first", domain));
    Result<> done =
        database_.run("INSERT OR IGNORE INTO alias (address, domain, target, created) VALUES (?, ?, ?, ?)",
                      *from, domain, to->address(), clock_->wall_seconds());
    if (done && database_.changes() == 0)
        return exists_already(fmt::format("alias {} to {}", *from, to->address()));
    return done;
}

Result<> Accounts::remove_alias(std::string_view alias, std::string_view target) {
    Result<std::string> from = parse_alias(alias);
    if (!from) return pass(from);
    std::string to;
    if (!target.empty()) {
        Result<Name> name = parse_name(target);
        if (!name) return pass(name);
        to = name->address();
    }
    return changed_one(
        database_.run("DELETE FROM alias WHERE address = ?1 AND (?2 = '' OR target = ?2)", *from, to),
        "alias " + *from);
}

}  // namespace ekiden::accounts
