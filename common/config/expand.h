#pragma once
// Postfix's parameter substitution: $name, ${name}, $(name), ${name?text}, ${name:text}, ${name?{a}:{b}},
// ${{v1} == {v2} ? {a} : {b}} and $$. Values are expanded again where they are used; a name that is defined
// by way of itself is an error that shows the circle, and both depth and length of the result are bounded.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::config {

namespace limits {
inline constexpr std::size_t expansion_depth = 100;
inline constexpr std::size_t lookups =
    10'000;  // `a = $b$b`, `b = $c$c` … would double the work with each line
inline constexpr std::size_t expanded_value = 1024 * 1024;  // octets
}  // namespace limits

// The unexpanded value of a name; nothing where the name is undefined, which expands to nothing.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// `text` with all its references replaced. Errors are malformed: an open brace, an unknown operator, a
// circle.
Result<std::string> expand(std::string_view text, const Lookup& lookup);
// The same for the value of `name`, which then stands at the head of a circle that is reported.
Result<std::string> expand_value_of(std::string_view name, std::string_view text, const Lookup& lookup);

// The names that `text` refers to, those in branches not taken included; errors of syntax end the search.
std::vector<std::string> references(std::string_view text);

// Items between commas and white space; what stands in { } is one item, braces kept (Postfix's lists).
// Malformed where a brace is not closed.
Result<std::vector<std::string>> split_list(std::string_view text);
// Words between white space; blanks inside { } do not separate (master.cf). A brace that is never closed
// holds all that follows.
std::vector<std::string_view> split_words(std::string_view text);
// "{ a b }" without its braces and the blanks beside them; other text as it is.
std::string_view without_braces(std::string_view item);

}  // namespace ekiden::config
