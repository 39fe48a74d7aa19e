// Statements: binding, stepping, columns. Every error becomes an Error by failure_of (failure.h), so that
// "disk full" reaches a mail client as a 4xx.
#include "common/sqlite/statement.h"

#include <sqlite3.h>

#include "common/sqlite/failure.h"

namespace ekiden::sqlite {
namespace {

// SQLite takes a null pointer for NULL, so an empty view needs an address.
const char* address(std::string_view s) { return s.data() == nullptr ? "" : s.data(); }
sqlite3_destructor_type lifetime(bool copy) { return copy ? SQLITE_TRANSIENT : SQLITE_STATIC; }

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

bool Statement::bind(int position, std::int64_t value) {
    return sqlite3_bind_int64(handle_.get(), position, value) == SQLITE_OK;
}

bool Statement::bind(int position, std::string_view text, bool copy) {
    return sqlite3_bind_text64(handle_.get(), position, address(text), text.size(), lifetime(copy),
                               SQLITE_UTF8) == SQLITE_OK;
}

bool Statement::bind(int position, Blob blob, bool copy) {
    return sqlite3_bind_blob64(handle_.get(), position, address(blob.octets), blob.octets.size(),
                               lifetime(copy)) == SQLITE_OK;
}

bool Statement::bind_null(int position) { return sqlite3_bind_null(handle_.get(), position) == SQLITE_OK; }

void Statement::reset() {
    if (!handle_) return;
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

Result<bool> Statement::step() {
    int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    std::unexpected<Error> error = failure();
    reset();
    return error;
}

Result<> Statement::finish(bool bound) {
    if (!bound) {
        std::unexpected<Error> error = failure();
        reset();
        return error;
    }
    while (true) {
        Result<bool> row = step();
        if (!row) return pass(row);
        if (!*row) break;
    }
    reset();
    return {};
}

std::unexpected<Error> Statement::failure() const {
    if (!handle_) return temporary("database is not open");
    return failure_of(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()));
}

Result<bool> Rows::next() {
    if (!bound_) return statement_.failure();
    return statement_.step();
}

std::int64_t Rows::number(int column) const { return sqlite3_column_int64(statement_.handle_.get(), column); }

std::string_view Rows::text(int column) const {
    const unsigned char* start = sqlite3_column_text(statement_.handle_.get(), column);
    if (start == nullptr) return {};
    return {reinterpret_cast<const char*>(start),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_.handle_.get(), column))};
}

std::string_view Rows::blob(int column) const {
    const void* start = sqlite3_column_blob(statement_.handle_.get(), column);
    if (start == nullptr) return {};
    return {static_cast<const char*>(start),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_.handle_.get(), column))};
}

bool Rows::is_null(int column) const {
    return sqlite3_column_type(statement_.handle_.get(), column) == SQLITE_NULL;
}

}  // namespace ekiden::sqlite
