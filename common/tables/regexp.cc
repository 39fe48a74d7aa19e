#include "common/tables/regexp.h"

#include <re2/re2.h>

namespace ekiden::tables {
namespace {

constexpr std::int64_t memory = 8 << 20;  // of one compiled pattern

}  // namespace

RegexpPattern::RegexpPattern() = default;
RegexpPattern::RegexpPattern(RegexpPattern&&) noexcept = default;
RegexpPattern& RegexpPattern::operator=(RegexpPattern&&) noexcept = default;
RegexpPattern::~RegexpPattern() = default;

Result<RegexpPattern> RegexpPattern::take(std::string_view text, std::string_view& rest) {
    Result<ExpressionText> taken = take_expression(text, rest);
    if (!taken) return pass(taken);
    RE2::Options options(RE2::Latin1);
    options.set_log_errors(false);
    options.set_max_mem(memory);
    options.set_case_sensitive(false);
    options.set_dot_nl(true);
    for (char flag : taken->flags) {
        if (flag == 'i')
            options.set_case_sensitive(!options.case_sensitive());
        else if (flag == 'm')
            options.set_dot_nl(false), taken->source.insert(0, "(?m)");
        else if (flag != 'x')  // x: extended syntax, which this always is
            return malformed("unknown regexp option \"" + std::string(1, flag) + "\"");
    }
    RegexpPattern pattern;
    pattern.negated_ = taken->negated;
    pattern.expression_ = std::make_unique<RE2>(taken->source, options);
    if (!pattern.expression_->ok())
        return malformed("bad pattern: " + text::printable(pattern.expression_->error(), 200));
    return pattern;
}

int RegexpPattern::groups() const { return std::min(expression_->NumberOfCapturingGroups(), most_groups); }

Result<bool> RegexpPattern::matches(std::string_view key) const {
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

}  // namespace ekiden::tables
