#include "common/tables/expression_text.h"

#include "common/text/ascii.h"

namespace ekiden::tables {
namespace {

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

}  // namespace

Result<ExpressionText> take_expression(std::string_view text, std::string_view& rest) {
    ExpressionText taken;
    while (text.starts_with('!')) {
        taken.negated = !taken.negated;
        text = text::trim(text.substr(1));
    }
    if (text.empty() || text::is_alnum(text.front())) return malformed("pattern without /…/ around it");
    char delimiter = text.front();
    std::size_t at = 1;
    for (; at < text.size() && text[at] != delimiter; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) taken.source += text[at++];
        taken.source += text[at];
    }
    if (at >= text.size())
        return malformed("no closing delimiter \"" + std::string(1, delimiter) + "\" of the pattern");
    std::size_t flags = ++at;
    while (at < text.size() && !text::is_space(text[at])) ++at;
    taken.flags = text.substr(flags, at - flags);
    rest = text.substr(at);
    return taken;
}

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

}  // namespace ekiden::tables
