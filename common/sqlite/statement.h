#pragma once
// A prepared SQL statement and the rows it gives. A Statement belongs to whoever prepared it and must go
// before its Database; keep it as a member where it is used often (preparing costs some 10 µs). It never
// checks SQL that came from outside: text from a client is bound, never pasted.
//
//     Result<Statement> found = database.prepare("SELECT id, name FROM users WHERE home = ?");
//     Rows rows = found->query(home);
//     for (Result<bool> row = rows.next(); ; row = rows.next()) {
//         if (!row) return pass(row);
//         if (!*row) break;
//         use(rows.number(0), rows.text(1));
//     }
//
// Rows resets the statement when it goes; it must not live across an await, for an open read holds back
// checkpoints.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/base/error.h"

struct sqlite3_stmt;

namespace ekiden::sqlite {

// Octets to be stored as a BLOB; a plain string_view is stored as TEXT.
struct Blob {
    std::string_view octets;
};

class Rows;

class Statement {
  public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

    // Binds the arguments to ?1, ?2, … and runs to the end; rows are thrown away. Arguments: integers, bool,
    // text, Blob, nullptr and optionals of these. Text and blobs are not copied. Errors: permanent for a
    // violated constraint, temporary for all that an operator or time can mend (full disk, busy, I/O).
    template <class... Values>
    Result<> run(const Values&... values) {
        bool bound = bind_each(false, values...);
        return finish(bound);
    }

    // Binds (with copies) and gives the rows, one at a time. Errors of binding come out of the first next().
    template <class... Values>
    Rows query(const Values&... values);

    explicit operator bool() const { return handle_ != nullptr; }

  private:
    friend class Rows;
    struct Finalizer {
        void operator()(sqlite3_stmt* handle) const;
    };

    bool bind(int position, std::int64_t value);
    bool bind(int position, std::string_view text, bool copy);
    bool bind(int position, Blob blob, bool copy);
    bool bind_null(int position);
    void reset();
    Result<bool> step();
    Result<> finish(bool bound);
    std::unexpected<Error> failure() const;

    template <class Value>
    bool bind_one(int position, const Value& value, bool copy) {
        if constexpr (std::is_same_v<Value, std::nullptr_t> || std::is_same_v<Value, std::nullopt_t>) {
            return bind_null(position);
        } else if constexpr (std::is_integral_v<Value>) {
            return bind(position, static_cast<std::int64_t>(value));
        } else if constexpr (std::is_same_v<Value, Blob>) {
            return bind(position, value, copy);
        } else if constexpr (requires {
                                 value.has_value();
                                 *value;
                             }) {
            return value.has_value() ? bind_one(position, *value, copy) : bind_null(position);
        } else {
            return bind(position, std::string_view(value), copy);
        }
    }
    template <class... Values>
    bool bind_each(bool copy, const Values&... values) {
        reset();
        int position = 0;
        return (bind_one(++position, values, copy) && ... && true);
    }

    std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

// The rows of one query. Columns count from 0; views are good until the next next(). A column of another type
// is converted as SQLite does it: number() of NULL is 0, text() of NULL is empty.
class Rows {
  public:
    Rows(Statement& statement, bool bound) : statement_(statement), bound_(bound) {}
    ~Rows() { statement_.reset(); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    // True: a row stands ready. False: there are no more.
    Result<bool> next();

    std::int64_t number(int column) const;
    std::string_view text(int column) const;
    std::string_view blob(int column) const;
    bool is_null(int column) const;

  private:
    Statement& statement_;
    bool bound_;
};

template <class... Values>
Rows Statement::query(const Values&... values) {
    bool bound = bind_each(true, values...);
    return Rows(*this, bound);
}

}  // namespace ekiden::sqlite
