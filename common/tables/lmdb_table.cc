#include "common/tables/lmdb_table.h"

#include <lmdb.h>

#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

std::unexpected<Error> trouble(const std::string& path, int error) {
    return temporary("cannot read " + path + ": " + ::mdb_strerror(error));
}

struct Abort {
    void operator()(MDB_txn* transaction) const { ::mdb_txn_abort(transaction); }
};

struct CloseCursor {
    void operator()(MDB_cursor* cursor) const { ::mdb_cursor_close(cursor); }
};

std::string_view without_nul(const MDB_val& text) {
    std::string_view octets(static_cast<const char*>(text.mv_data), text.mv_size);
    if (octets.ends_with('\0')) octets.remove_suffix(1);
    return octets;
}

}  // namespace

void LmdbTable::Close::operator()(MDB_env* environment) const { ::mdb_env_close(environment); }

// Also a change in place opens the file anew: it may have grown beyond what is mapped.
Result<> LmdbTable::reopen_if_changed() {
    Result<bool> changed = file_.changed();
    if (!changed) return pass(changed);
    if (environment_ && !*changed) return {};
    environment_.reset();
    MDB_env* made = nullptr;
    if (int error = ::mdb_env_create(&made); error != 0) return trouble(file_.path(), error);
    std::unique_ptr<MDB_env, Close> environment(made);
    int error =
        ::mdb_env_open(made, file_.path().c_str(), MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0600);
    if (error != 0) return trouble(file_.path(), error);
    environment_ = std::move(environment);
    return {};
}

Found LmdbTable::look_up(std::string_view key) {
    MDB_txn* begun = nullptr;
    if (int error = ::mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun); error != 0)
        return trouble(file_.path(), error);
    std::unique_ptr<MDB_txn, Abort> transaction(begun);
    MDB_dbi database = 0;
    if (int error = ::mdb_dbi_open(begun, nullptr, 0, &database); error != 0)
        return trouble(file_.path(), error);
    MDB_val wanted{key.size(), const_cast<char*>(key.data())};
    MDB_val value{};
    int error = ::mdb_get(begun, database, &wanted, &value);
    if (error == MDB_NOTFOUND) return std::nullopt;
    if (error != 0) return trouble(file_.path(), error);
    if (value.mv_size > limits::value + 1) return temporary("a value in " + file_.path() + " is too long");
    return std::string(without_nul(value));
}

Result<> LmdbTable::each(const std::function<void(std::string_view, std::string_view)>& visit) {
    if (Result<> open = reopen_if_changed(); !open) return open;
    MDB_txn* begun = nullptr;
    if (int error = ::mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun); error != 0)
        return trouble(file_.path(), error);
    std::unique_ptr<MDB_txn, Abort> transaction(begun);
    MDB_dbi database = 0;
    MDB_cursor* made = nullptr;
    int error = ::mdb_dbi_open(begun, nullptr, 0, &database);
    if (error == 0) error = ::mdb_cursor_open(begun, database, &made);
    if (error != 0) return trouble(file_.path(), error);
    std::unique_ptr<MDB_cursor, CloseCursor> cursor(made);
    MDB_val key{}, value{};
    while ((error = ::mdb_cursor_get(made, &key, &value, MDB_NEXT)) == 0)
        visit(without_nul(key), without_nul(value));
    if (error != MDB_NOTFOUND) return trouble(file_.path(), error);
    return {};
}

Found LmdbTable::find_now(std::string_view key) {
    if (key.empty()) return std::nullopt;  // LMDB has no empty keys
    if (Result<> open = reopen_if_changed(); !open) return pass(open);
    std::string wanted = fold_ ? text::fold_case(key) : std::string(key);
    // LMDB refuses keys longer than its limit: they are in no table.
    if (wanted.size() >= static_cast<std::size_t>(::mdb_env_get_maxkeysize(environment_.get())))
        return std::nullopt;
    Found found = look_up(wanted);
    if (found && !*found) found = look_up(wanted + '\0');
    return found;
}

}  // namespace ekiden::tables
