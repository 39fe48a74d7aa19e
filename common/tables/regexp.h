#pragma once
// regexp tables (regexp_table(5)) by RE2, whose time is linear in the key whatever the pattern. Patterns do
// not care for case unless flag `i` says so. Limits: back-references inside patterns are refused, for no
// linear matcher can have them.
#include <memory>

#include "common/tables/expression_table.h"

namespace re2 {
class RE2;
}

namespace ekiden::tables {

class RegexpPattern {
  public:
    // Reads [!]/pattern/flags at the beginning of `text`.
    static Result<RegexpPattern> take(std::string_view text, std::string_view& rest);
    RegexpPattern(RegexpPattern&&) noexcept;
    RegexpPattern& operator=(RegexpPattern&&) noexcept;
    ~RegexpPattern();

    bool negated() const { return negated_; }
    int groups() const;
    Result<bool> matches(std::string_view key) const;
    // The whole match and the groups of a key that the expression matches, whether it is negated or not.
    std::vector<std::string> captures(std::string_view key) const;

  private:
    RegexpPattern();
    std::unique_ptr<re2::RE2> expression_;
    bool negated_ = false;
};

using RegexpTable = ExpressionTable<RegexpPattern>;

}  // namespace ekiden::tables
