#include "common/tables/text_entries.h"

#include "common/config/logical_lines.h"
#include "common/tables/table.h"
#include "common/text/ascii.h"
#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

// How far the key goes: to the first blank that no quotes or backslash protect. Quotes stay part of the key,
// as they are part of the address that is looked up: "two words"@example.org. Nothing where they are not
// closed.
std::optional<std::size_t> end_of_key(std::string_view line) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < line.size() && (quoted || !text::is_space(line[at])); ++at) {
        if (line[at] == '\\' && at + 1 < line.size())
            ++at;
        else if (line[at] == '"')
            quoted = !quoted;
    }
    if (quoted) return std::nullopt;
    return at;
}

}  // namespace

std::vector<TextEntry> text_entries(std::string_view content, const std::string& file,
                                    std::vector<config::Finding>& findings, bool fold) {
    std::vector<TextEntry> entries;
    auto skip = [&](int line, std::string text, std::string remedy) {
        findings.push_back({config::Severity::warning, file, line, std::move(text), std::move(remedy)});
    };
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        const std::string shown = text::printable(line.text, 100);
        if (text::is_space(line.text.front())) {
            skip(line.first, "logical line must not start with whitespace: \"" + shown + "\"", "");
            continue;
        }
        auto end = end_of_key(line.text);
        if (!end) {
            skip(line.first, "unbalanced '\"' in '" + shown + "' -- ignoring this line", "");
            continue;
        }
        std::string key = line.text.substr(0, *end);
        std::string_view value = text::trim(std::string_view(line.text).substr(*end));
        if (value.empty()) {
            skip(line.first, "expected format: key whitespace value -- ignoring this line", "");
            continue;
        }
        if (key.size() > limits::key || value.size() > limits::value) {
            skip(line.first, "key or value is too long -- ignoring this line", "");
            continue;
        }
        // What an aliases file looks like ends in a table that finds nothing.
        if (key.ends_with(':'))
            skip(line.first, "record is in \"key: value\" format; is this an alias file?", "");
        entries.push_back({fold ? text::fold_case(key) : std::move(key), std::string(value), line.first});
    }
    return entries;
}

}  // namespace ekiden::tables
