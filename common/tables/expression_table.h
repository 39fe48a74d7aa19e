#pragma once
// A table of expressions: lines of `[!]/expression/flags value` with if and endif, of which the first that
// matches counts. The kind of expression is a parameter; it has take(), negated(), groups(), matches() and
// captures() as RegexpPattern has them.
#include "common/tables/expression_text.h"
#include "common/tables/pattern_lines.h"
#include "common/tables/table.h"

namespace ekiden::tables {

template <class Pattern>
class ExpressionTable final : public LocalTable {
  public:
    // `may_substitute`: values may ask for the groups.
    ExpressionTable(std::string name, std::string_view content, const std::string& file,
                    std::vector<config::Finding>& findings, bool may_substitute = true)
        : LocalTable(std::move(name)),
          lines_(pattern_lines<Pattern>(content, file, findings, Pattern::take)) {
        std::erase_if(lines_, [&](const PatternLine<Pattern>& line) {
            if (line.kind != PatternKind::rule || fits(line, may_substitute)) return false;
            findings.push_back(
                {config::Severity::error, file, line.line,
                 may_substitute ? "the value refers to a group that the pattern does not have: line ignored"
                                : "the value of this table may not take over what matched: line ignored",
                 "write $$ for a dollar"});
            return true;
        });
    }

    Found find_now(std::string_view key) override {
        Result<> trouble;
        const auto* line = first_match(lines_, [&](const Pattern& pattern) {
            if (!trouble) return false;
            Result<bool> matches = pattern.matches(key);
            if (!matches) trouble = pass(matches);
            return matches && *matches;
        });
        if (!trouble) return temporary(name() + ": " + trouble.error().text);
        if (!line) return std::nullopt;
        std::optional<std::string> value = substitute(line->value, line->pattern->captures(key));
        if (!value || value->size() > limits::value)
            return temporary(name() + ": the value becomes too long");
        return value;
    }
    bool takes_whole_keys() const override { return true; }

  private:
    // A trial with empty groups shows whether the value asks for more than the pattern has.
    static bool fits(const PatternLine<Pattern>& line, bool may_substitute) {
        bool none = line.pattern->negated() || !may_substitute;
        std::size_t groups = none ? 0 : static_cast<std::size_t>(line.pattern->groups());
        return substitute(line.value, std::vector<std::string>(groups + 1)).has_value();
    }

    std::vector<PatternLine<Pattern>> lines_;
};

}  // namespace ekiden::tables
