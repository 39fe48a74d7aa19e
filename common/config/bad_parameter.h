#pragma once
// Errors that name the parameter to blame. The programs' readers of options return them, so that a check of
// the configuration that runs the same readers can say on which line the parameter stands.
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::config {

// Malformed; the text is "name: what is wrong", with the remedy where that is not plain.
std::unexpected<Error> bad_parameter(std::string_view name, std::string_view what);
// The same for an error found below.
std::unexpected<Error> bad_parameter(std::string_view name, const Error& error);

struct Blame {
    std::string parameter;
    std::string what;
};
// Nothing for an error that does not begin with a parameter's name.
std::optional<Blame> blame_of(const Error& error);

}  // namespace ekiden::config
