#include "common/base/error.h"

#include <fmt/format.h>

#include <cstring>

namespace ekiden {

std::unexpected<Error> system_error(std::string_view what, int error_number, ErrorKind kind) {
    return std::unexpected(Error{kind, fmt::format("{}: {}", what, strerror(error_number))});
}

}  // namespace ekiden
