#include "common/config/bad_parameter.h"

#include "common/config/params.h"

namespace ekiden::config {

std::unexpected<Error> bad_parameter(std::string_view name, std::string_view what) {
    return malformed(std::string(name) + ": " + std::string(what));
}

std::unexpected<Error> bad_parameter(std::string_view name, const Error& error) {
    return bad_parameter(name, error.text);
}

std::optional<Blame> blame_of(const Error& error) {
    std::size_t colon = error.text.find(": ");
    std::string name = error.text.substr(0, colon);
    if (colon == std::string::npos || !param::find(name)) return std::nullopt;
    return Blame{std::move(name), error.text.substr(colon + 2)};
}

}  // namespace ekiden::config
