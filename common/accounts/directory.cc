#include "common/accounts/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/owned_fd.h"

namespace ekiden::accounts {
namespace {

// A copy of this stands in docs/directory-format.md.
const std::string schema =
    "PRAGMA application_id=1164667236; PRAGMA user_version=" + std::to_string(directory_version) +
    ";"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE domain (name TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE mailbox (address TEXT PRIMARY KEY, path TEXT NOT NULL, quota INTEGER NOT NULL, uid INTEGER,"
    "  gid INTEGER, enabled INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE alias (address TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (address, target)) WITHOUT "
    "ROWID;";

Result<> fill_domains(sqlite::Database& out, Accounts& accounts) {
    Result<std::vector<std::string>> domains = accounts.domains();
    if (!domains) return pass(domains);
    Result<sqlite::Statement> insert = out.prepare("INSERT INTO domain (name) VALUES (?)");
    if (!insert) return pass(insert);
    for (const std::string& domain : *domains) {
        Result<> done = insert->run(domain);
        if (!done) return done;
    }
    return {};
}

Result<> fill_mailboxes(sqlite::Database& out, Accounts& accounts) {
    Result<std::vector<Account>> all = accounts.list();
    if (!all) return pass(all);
    Result<sqlite::Statement> insert = out.prepare(
        "INSERT INTO mailbox (address, path, quota, uid, gid, enabled) VALUES (?, ?, ?, ?, ?, ?)");
    if (!insert) return pass(insert);
    for (const Account& account : *all) {
        Result<> done = insert->run(account.address, account.mailbox, account.quota, account.uid, account.gid,
                                    account.enabled);
        if (!done) return done;
    }
    return {};
}

Result<> fill_aliases(sqlite::Database& out, Accounts& accounts) {
    Result<std::vector<Alias>> all = accounts.aliases();
    if (!all) return pass(all);
    Result<sqlite::Statement> insert = out.prepare("INSERT INTO alias (address, target) VALUES (?, ?)");
    if (!insert) return pass(insert);
    for (const Alias& alias : *all) {
        Result<> done = insert->run(alias.address, alias.target);
        if (!done) return done;
    }
    return {};
}

Result<> fill(sqlite::Database& out, Accounts& accounts, std::int64_t now) {
    // One read transaction, so that the three lists belong together.
    Result<> begun = accounts.database().run_script("BEGIN");
    if (!begun) return begun;
    Result<> done = fill_domains(out, accounts);
    if (done) done = fill_mailboxes(out, accounts);
    if (done) done = fill_aliases(out, accounts);
    Result<> ended = accounts.database().run_script("COMMIT");
    if (!done) return done;
    if (!ended) return ended;
    return out.run("INSERT INTO meta (key, value) VALUES ('published', ?)", now);
}

Result<> write_all(int fd, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t count = write(fd, octets.data(), octets.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return system_error("cannot write", count < 0 ? errno : ENOSPC);
        octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace

Result<std::string> directory_image(Accounts& accounts, std::int64_t now) {
    Result<sqlite::Database> out = sqlite::Database::open(":memory:");
    if (!out) return pass(out);
    Result<> made = out->run_script(schema);
    if (!made) return pass(made);
    Result<sqlite::Transaction> transaction = sqlite::Transaction::begin(*out);
    if (!transaction) return pass(transaction);
    Result<> filled = fill(*out, accounts, now);
    if (!filled) return pass(filled);
    Result<> committed = transaction->commit();
    if (!committed) return pass(committed);
    return out->image();
}

Result<> replace_file(int directory_fd, const std::string& name, std::string_view octets, mode_t mode) {
    std::string beside = "." + name + ".new";
    // Left by a crash; O_EXCL then proves that the file written to is ours.
    unlinkat(directory_fd, beside.c_str(), 0);
    OwnedFd fd(
        openat(directory_fd, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("cannot make " + beside, errno);
    Result<> done = write_all(fd.get(), octets);
    if (done && fchmod(fd.get(), mode) != 0) done = system_error("cannot set the mode of " + beside, errno);
    if (done && fsync(fd.get()) != 0) done = system_error("cannot sync " + beside, errno);
    if (done && renameat(directory_fd, beside.c_str(), directory_fd, name.c_str()) != 0)
        done = system_error("cannot rename to " + name, errno);
    if (!done) {
        unlinkat(directory_fd, beside.c_str(), 0);
        return done;
    }
    if (fsync(directory_fd) != 0) return system_error("cannot sync the directory of " + name, errno);
    return {};
}

}  // namespace ekiden::accounts
