#pragma once
// regexp tables (regexp_table(5)) by RE2, whose time is linear in the key whatever the pattern:
// `/pattern/flags value`,
// `!/pattern/flags value`, if and endif; $1 … $9, ${1}, $(1) in the value are the pattern's groups, $$ is a
// dollar. The first match counts. Patterns do not care for case unless flag `i` says so. Limits:
// back-references inside patterns are refused, for no linear matcher can have them.
#include <memory>

#include "common/tables/pattern_lines.h"
#include "common/tables/table.h"

namespace re2 {
class RE2;
}

namespace ekiden::tables {

class RegexpPattern {
  public:
    // Reads [!]/pattern/flags at the beginning of `text`; any character that is no letter, digit or blank may
    // be the delimiter.
    static Result<RegexpPattern> take(std::string_view text, std::string_view& rest);
    RegexpPattern(RegexpPattern&&) noexcept;
    RegexpPattern& operator=(RegexpPattern&&) noexcept;
    ~RegexpPattern();

    bool negated() const { return negated_; }
    int groups() const;
    bool matches(std::string_view key) const;
    // The whole match and the groups of a key that the expression matches, whether it is negated or not.
    std::vector<std::string> captures(std::string_view key) const;

  private:
    RegexpPattern();
    std::unique_ptr<re2::RE2> expression_;
    bool negated_ = false;
};

class RegexpTable final : public LocalTable {
  public:
    RegexpTable(std::string name, std::string_view content, const std::string& file,
                std::vector<config::Finding>& findings);
    Found find_now(std::string_view key) override;
    bool takes_whole_keys() const override { return true; }

  private:
    std::vector<PatternLine<RegexpPattern>> lines_;
};

}  // namespace ekiden::tables
