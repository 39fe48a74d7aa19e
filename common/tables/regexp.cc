#include "common/tables/regexp.h"

#include <re2/re2.h>

namespace ekiden::tables {
namespace {

constexpr int most_groups = 9;
constexpr std::int64_t memory = 8 << 20;  // of one compiled pattern

std::optional<std::size_t> group_number(std::string_view digits) {
    auto number = text::parse_number(digits);
    if (!number || *number > most_groups) return std::nullopt;
    return static_cast<std::size_t>(*number);
}

// The group that a `$` refers to and what follows it; nothing where it refers to none.
std::optional<std::pair<std::size_t, std::string_view>> reference(std::string_view text) {
    std::size_t end = 0;
    char close = text.starts_with('{') ? '}' : text.starts_with('(') ? ')' : '\0';
    if (close) {
        end = text.find(close);
        if (end == std::string_view::npos) return std::nullopt;
        auto group = group_number(text.substr(1, end - 1));
        if (!group) return std::nullopt;
        return std::pair(*group, text.substr(end + 1));
    }
    if (text.empty() || !text::is_digit(text.front())) return std::nullopt;
    return std::pair(static_cast<std::size_t>(text.front() - '0'), text.substr(1));
}

// The value with its groups put in; nothing where it asks for what the pattern has not.
std::optional<std::string> substitute(std::string_view value, const std::vector<std::string>& groups) {
    std::string out;
    while (!value.empty()) {
        std::size_t dollar = value.find('$');
        out += value.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        value.remove_prefix(dollar + 1);
        if (value.starts_with('$')) {
            out += '$';
            value.remove_prefix(1);
            continue;
        }
        auto group = reference(value);
        if (!group || group->first == 0 || group->first >= groups.size()) return std::nullopt;
        out += groups[group->first];
        value = group->second;
    }
    return out;
}

}  // namespace

RegexpPattern::RegexpPattern() = default;
RegexpPattern::RegexpPattern(RegexpPattern&&) noexcept = default;
RegexpPattern& RegexpPattern::operator=(RegexpPattern&&) noexcept = default;
RegexpPattern::~RegexpPattern() = default;

Result<RegexpPattern> RegexpPattern::take(std::string_view text, std::string_view& rest) {
    RegexpPattern pattern;
    while (text.starts_with('!')) {
        pattern.negated_ = !pattern.negated_;
        text = text::trim(text.substr(1));
    }
    if (text.empty() || text::is_alnum(text.front())) return malformed("pattern without /…/ around it");
    char delimiter = text.front();
    std::string source;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != delimiter; ++at) {
        bool escaped = text[at] == '\\' && at + 1 < text.size();
        if (escaped && text[at + 1] != delimiter) source += '\\';
        if (escaped) ++at;
        source += text[at];
    }
    if (at >= text.size())
        return malformed("no closing delimiter \"" + std::string(1, delimiter) + "\" of the pattern");
    RE2::Options options(RE2::Latin1);
    options.set_log_errors(false);
    options.set_max_mem(memory);
    options.set_case_sensitive(false);
    options.set_dot_nl(true);
    for (++at; at < text.size() && !text::is_space(text[at]); ++at) {
        if (text[at] == 'i')
            options.set_case_sensitive(!options.case_sensitive());
        else if (text[at] == 'm')
            options.set_dot_nl(false), source.insert(0, "(?m)");
        else if (text[at] != 'x')  // x: extended syntax, which this always is
            return malformed("unknown regexp flag \"" + std::string(1, text[at]) + "\"");
    }
    rest = text.substr(at);
    pattern.expression_ = std::make_unique<RE2>(source, options);
    if (!pattern.expression_->ok())
        return malformed("bad pattern: " + text::printable(pattern.expression_->error(), 200));
    return pattern;
}

int RegexpPattern::groups() const { return std::min(expression_->NumberOfCapturingGroups(), most_groups); }

bool RegexpPattern::matches(std::string_view key) const {
    return RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), *expression_) != negated_;
}

std::vector<std::string> RegexpPattern::captures(std::string_view key) const {
    std::array<re2::StringPiece, most_groups + 1> pieces;
    re2::StringPiece subject(key.data(), key.size());
    int count = groups() + 1;
    std::vector<std::string> captured;
    if (!expression_->Match(subject, 0, subject.size(), RE2::UNANCHORED, pieces.data(), count))
        return captured;
    for (int i = 0; i < count; ++i)
        captured.emplace_back(pieces[static_cast<std::size_t>(i)].data()
                                  ? pieces[static_cast<std::size_t>(i)].as_string()
                                  : "");
    return captured;
}

RegexpTable::RegexpTable(std::string name, std::string_view content, const std::string& file,
                         std::vector<config::Finding>& findings)
    : LocalTable(std::move(name)) {
    lines_ = pattern_lines<RegexpPattern>(content, file, findings, RegexpPattern::take);
    std::erase_if(lines_, [&](const PatternLine<RegexpPattern>& line) {
        if (line.kind != PatternKind::rule) return false;
        // A trial with empty groups shows whether the value asks for more than the pattern has.
        std::vector<std::string> groups(
            line.pattern->negated() ? 1 : static_cast<std::size_t>(line.pattern->groups()) + 1);
        if (substitute(line.value, groups)) return false;
        findings.push_back({config::Severity::error, file, line.line,
                            "the value refers to a group that the pattern does not have: line ignored",
                            "write $$ for a dollar"});
        return true;
    });
}

Found RegexpTable::find_now(std::string_view key) {
    const auto* line =
        first_match(lines_, [&](const RegexpPattern& pattern) { return pattern.matches(key); });
    if (!line) return std::nullopt;
    std::vector<std::string> groups = line->pattern->captures(key);
    std::optional<std::string> value = substitute(line->value, groups);
    if (!value || value->size() > limits::value) return temporary(name() + ": the value becomes too long");
    return value;
}

}  // namespace ekiden::tables
