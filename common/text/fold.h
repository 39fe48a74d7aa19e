#pragma once
// Letters without their case, by Unicode's rules: what keys of tables are compared by. `Ä` becomes `ä`, `ß`
// becomes `ss`. ICU is used here only.
#include <string>
#include <string_view>

namespace ekiden::text {

// Full case folding without a locale, as Postfix folds keys. ASCII costs no more than to_lower(); of what is
// no UTF-8 only ASCII letters are folded.
std::string fold_case(std::string_view text);

}  // namespace ekiden::text
