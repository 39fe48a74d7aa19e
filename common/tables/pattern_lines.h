#pragma once
// The frame that cidr and regexp tables share: rules in order, and `if pattern … endif` blocks that skip what
// is in them. The kind of pattern is a parameter: it has `matches(key)`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/finding.h"
#include "common/config/logical_lines.h"
#include "common/text/ascii.h"

namespace ekiden::tables {

enum class PatternKind { rule, begin_if, end_if };

template <class Pattern>
struct PatternLine {
    PatternKind kind;
    std::optional<Pattern> pattern;  // of rule and begin_if
    std::string value;               // of rule
    int line;
};

// Reads `[!]pattern value` lines; `take(text, rest)` reads a pattern at the beginning of `text` and leaves
// what follows in `rest`, or says what is wrong. Wrong lines are left out and told.
template <class Pattern, class Take>
std::vector<PatternLine<Pattern>> pattern_lines(std::string_view content, const std::string& file,
                                                std::vector<config::Finding>& findings, Take&& take) {
    std::vector<PatternLine<Pattern>> lines;
    std::vector<int> open;
    auto skip = [&](int line, std::string why) {
        findings.push_back({config::Severity::error, file, line, std::move(why) + ": line ignored", ""});
    };
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        std::string_view text = text::trim(line.text);
        if (text::equal_ignoring_case(text, "endif")) {
            if (open.empty()) {
                skip(line.first, "ignoring ENDIF without matching IF");
                continue;
            }
            open.pop_back();
            lines.push_back({PatternKind::end_if, std::nullopt, "", line.first});
            continue;
        }
        bool is_if = text::starts_with_ignoring_case(text, "if") && text.size() > 2 &&
                     (text::is_space(text[2]) || text[2] == '/' || text[2] == '!');
        if (is_if) text = text::trim(text.substr(2));
        std::string_view rest;
        Result<Pattern> pattern = take(text, rest);
        rest = text::trim(rest);
        if (!pattern) {
            skip(line.first, pattern.error().text);
            // A block whose condition is unreadable must not lose its end.
            if (is_if)
                lines.push_back({PatternKind::begin_if, std::nullopt, "", line.first}),
                    open.push_back(line.first);
            continue;
        }
        if (!is_if && rest.empty())
            findings.push_back({config::Severity::error, file, line.first,
                                "no replacement text: using empty string", "write a value"});
        if (is_if) open.push_back(line.first);
        lines.push_back({is_if ? PatternKind::begin_if : PatternKind::rule, std::move(*pattern),
                         std::string(is_if ? "" : rest), line.first});
    }
    for (int line : open)
        findings.push_back({config::Severity::error, file, line, "IF has no matching ENDIF", ""});
    return lines;
}

// The first rule that matches, blocks whose condition does not hold left out. `hit(line)` is called with it.
template <class Pattern, class Matches>
const PatternLine<Pattern>* first_match(const std::vector<PatternLine<Pattern>>& lines, Matches&& matches) {
    std::size_t skipping = 0;  // depth inside a block that is left out
    for (const PatternLine<Pattern>& line : lines) {
        if (skipping > 0) {
            if (line.kind == PatternKind::begin_if) ++skipping;
            if (line.kind == PatternKind::end_if) --skipping;
            continue;
        }
        if (line.kind == PatternKind::end_if) continue;
        bool holds = line.pattern && matches(*line.pattern);
        if (line.kind == PatternKind::rule && holds) return &line;
        if (line.kind == PatternKind::begin_if && !holds) skipping = 1;
    }
    return nullptr;
}

}  // namespace ekiden::tables
