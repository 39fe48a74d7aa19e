#pragma once
// pcre tables (pcre_table(5)) by PCRE2: as regexp tables, with back-references, look-ahead and the rest of
// Perl's expressions. An expression that would take too long over a key fails for now instead: its steps, its
// depth and its memory are bounded. Octets are matched, not characters. Code is never generated at run time,
// for no process here may execute memory that it has written.
#include <memory>

#include "common/tables/expression_table.h"

struct pcre2_real_code_8;

namespace ekiden::tables {

class PcrePattern {
  public:
    // Reads [!]/pattern/flags; flags i m s x A E U X turn over what is the standard: i and s are on.
    static Result<PcrePattern> take(std::string_view text, std::string_view& rest);

    bool negated() const { return negated_; }
    int groups() const;
    // Temporary where a limit was met.
    Result<bool> matches(std::string_view key) const;
    std::vector<std::string> captures(std::string_view key) const;

  private:
    PcrePattern() = default;
    struct Free {
        void operator()(pcre2_real_code_8* code) const;
    };
    std::unique_ptr<pcre2_real_code_8, Free> code_;
    bool negated_ = false;
};

using PcreTable = ExpressionTable<PcrePattern>;

}  // namespace ekiden::tables
