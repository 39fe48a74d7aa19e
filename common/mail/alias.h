#pragma once
// The right side of an alias, of a line of an :include: file or of a .forward: where mail goes, as aliases(5)
// writes it. Destinations stand between commas, semicolons or blanks; double quotes and backslashes protect
// what would end one, `(comments)` and the phrase in `Joe User <joe@example.org>` are dropped.
// Not here: lines of files (their comments and continuations), and what a destination may do: whoever
// delivers decides whether commands and files are allowed at this place.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::mail {

namespace limits {
inline constexpr std::size_t alias_value = 262'144;  // octets of the whole right side
inline constexpr std::size_t alias_targets = 10'000;
inline constexpr std::size_t alias_command = 8'192;
inline constexpr std::size_t alias_file = 1'024;  // path of a file or of an :include:
inline constexpr int alias_comment_depth = 20;
}  // namespace limits

struct AliasTarget {
    enum class Kind {
        address,  // local part with or without a domain, in the form of Address::print()
        command,  // what stands behind the `|`, for a shell
        file,     // absolute path; one that ends in `/` is a Maildir
        include,  // absolute path of a file with more destinations
    };
    Kind kind = Kind::address;
    std::string text;
    bool no_further_alias = false;  // `\user`: this address is not expanded again

    bool operator==(const AliasTarget&) const = default;
};

// Malformed where a quote, comment or bracket is not closed, where an address is none, and for what goes
// beyond the limits; a value that names nothing is malformed too. The text says what is wrong and with what.
Result<std::vector<AliasTarget>> parse_alias_value(std::string_view value);

// The mirror: parse_alias_value(print(x)) == x for whatever the parser gave.
std::string print(const AliasTarget& target);
std::string print(const std::vector<AliasTarget>& targets);

}  // namespace ekiden::mail
