#include "common/tables/text_entries.h"

#include "common/config/logical_lines.h"
#include "common/tables/table.h"
#include "common/text/ascii.h"

namespace ekiden::tables {
namespace {

// The key, unquoted, and how far it goes; nothing where a quote is not closed.
std::optional<std::pair<std::string, std::size_t>> take_key(std::string_view line) {
    std::string key;
    bool quoted = false;
    std::size_t at = 0;
    for (; at < line.size() && (quoted || !text::is_space(line[at])); ++at) {
        if (line[at] == '"') {
            quoted = !quoted;
        } else if (line[at] == '\\' && quoted && at + 1 < line.size()) {
            key += line[++at];
        } else {
            key += line[at];
        }
    }
    if (quoted) return std::nullopt;
    return std::pair(key, at);
}

}  // namespace

std::vector<TextEntry> text_entries(std::string_view content, const std::string& file,
                                    std::vector<config::Finding>& findings, bool fold) {
    std::vector<TextEntry> entries;
    auto skip = [&](int line, std::string text, std::string remedy) {
        findings.push_back({config::Severity::warning, file, line, std::move(text), std::move(remedy)});
    };
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        if (text::is_space(line.text.front())) {
            skip(line.first, "the first line begins with white space; ignored", "");
            continue;
        }
        auto key = take_key(line.text);
        if (!key) {
            skip(line.first, "the quote of the key is not closed; line ignored", "write \"key\" value");
            continue;
        }
        std::string_view value = text::trim(std::string_view(line.text).substr(key->second));
        if (value.empty()) {
            skip(line.first, "expected format: key whitespace value; line ignored", "");
            continue;
        }
        if (key->first.size() > limits::key || value.size() > limits::value) {
            skip(line.first, "key or value is too long; line ignored", "");
            continue;
        }
        // What an aliases file looks like ends in a table that finds nothing.
        if (key->first.ends_with(':'))
            skip(line.first, "record is in \"key: value\" format; is this an alias file?", "");
        entries.push_back({fold ? text::to_lower(key->first) : key->first, std::string(value), line.first});
    }
    return entries;
}

}  // namespace ekiden::tables
