#pragma once
// What regexp and pcre tables write alike: `[!]/expression/flags` at the beginning of a line, and values into
// which `$1`, `${1}`, `$(1)` put what the groups matched.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::tables {

struct ExpressionText {
    bool negated = false;
    std::string source;  // between the delimiters, backslashes kept
    std::string flags;
};

// Leaves what follows the flags in `rest`. Any character that is no letter, digit or blank may be the
// delimiter; a backslash in front of it makes it part of the expression.
Result<ExpressionText> take_expression(std::string_view text, std::string_view& rest);

inline constexpr int most_groups = 9;

// The value with the groups put in, $$ as a dollar; groups[0], the whole match, cannot be asked for. Nothing
// where the value asks for a group that is not there.
std::optional<std::string> substitute(std::string_view value, const std::vector<std::string>& groups);

}  // namespace ekiden::tables
