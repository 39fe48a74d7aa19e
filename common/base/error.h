#pragma once
// Errors as values. A failure that a caller can meet in the course of its work is a Result<T> whose Error
// carries a kind and a sentence for people; the mail world's 4xx and 5xx fall out of the kind. Exceptions are
// for "this unit of work is over" (see net/stream.h).
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ekiden {

enum class ErrorKind {
    temporary,  // may work later: 4xx, sysexits 75
    permanent,  // will not work again: 5xx
    malformed,  // the input breaks its grammar
    denied,     // understood and refused
    not_found,
};

struct Error {
    ErrorKind kind;
    std::string text;  // one line, without a full stop at the end; names what, where and what to do

    bool temporary() const { return kind == ErrorKind::temporary; }
};

template <class T = void>
using Result = std::expected<T, Error>;

// Short forms for `return`: each converts to any Result<T>.
inline std::unexpected<Error> temporary(std::string text) {
    return std::unexpected(Error{ErrorKind::temporary, std::move(text)});
}
inline std::unexpected<Error> permanent(std::string text) {
    return std::unexpected(Error{ErrorKind::permanent, std::move(text)});
}
inline std::unexpected<Error> malformed(std::string text) {
    return std::unexpected(Error{ErrorKind::malformed, std::move(text)});
}
inline std::unexpected<Error> denied(std::string text) {
    return std::unexpected(Error{ErrorKind::denied, std::move(text)});
}
inline std::unexpected<Error> not_found(std::string text) {
    return std::unexpected(Error{ErrorKind::not_found, std::move(text)});
}
// "cannot open /x: Permission denied": what failed, with errno's meaning. Temporary unless the kind is given.
std::unexpected<Error> system_error(std::string_view what, int error_number,
                                    ErrorKind kind = ErrorKind::temporary);

// Passes an error on from a Result of another type.
template <class T>
std::unexpected<Error> pass(Result<T>&& failed) {
    return std::unexpected(std::move(failed).error());
}
template <class T>
std::unexpected<Error> pass(const Result<T>& failed) {
    return std::unexpected(failed.error());
}

}  // namespace ekiden
