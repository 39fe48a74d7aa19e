#include "admin/ekimap/source.h"

#include "common/config/check.h"
#include "common/config/logical_lines.h"
#include "common/mail/alias.h"
#include "common/tables/table.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"
#include "common/text/fold.h"
#include "common/text/utf8.h"

namespace ekiden::ekimap {
namespace {

using config::Finding;
using config::Severity;
using tables::TextEntry;

// What stands in an alias line before its colon, without quotes and backslashes: words with a blank between.
struct AliasName {
    std::string name;
    std::size_t colon;
    bool local = true;  // no @ outside quotes
};
std::optional<AliasName> alias_name(std::string_view line) {
    AliasName taken{"", 0};
    bool quoted = false, blank = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (c == ':' && !quoted) {
            taken.colon = at;
            if (taken.name.empty()) return std::nullopt;
            return taken;
        }
        if (!quoted && text::is_space(c)) {
            blank = !taken.name.empty();
            continue;
        }
        if (c == '@' && !quoted) taken.local = false;
        if (c == '\\' && at + 1 < line.size()) c = line[++at];
        if (blank) taken.name += ' ';
        blank = false;
        taken.name += c;
    }
    return std::nullopt;
}

// One blank behind each comma and where there was white space; quotes and comments as they are.
std::string tidy(std::string_view value) {
    std::string out;
    bool quoted = false, blank = false;
    int depth = 0;
    for (std::size_t at = 0; at < value.size(); ++at) {
        char c = value[at];
        bool plain = !quoted && depth == 0;
        if (plain && text::is_space(c)) {
            blank = true;
            continue;
        }
        if (blank && !out.empty() && c != ',') out += ' ';
        blank = plain && c == ',';
        out += c;
        if (c == '\\' && at + 1 < value.size()) {
            out += value[++at];
        } else if (c == '"' && depth == 0) {
            quoted = !quoted;
        } else if (!quoted && (c == '(' || (c == ')' && depth > 0))) {
            depth += c == '(' ? 1 : -1;
        }
    }
    return out;
}

std::vector<TextEntry> alias_entries(const Options& options, std::string_view content,
                                     const std::string& file, std::vector<Finding>& findings) {
    std::vector<TextEntry> entries;
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        auto warn = [&](std::string text) {
            findings.push_back({Severity::warning, file, line.first, std::move(text), ""});
        };
        if (text::is_space(line.text.front())) {
            warn("logical line must not start with whitespace: \"" + text::printable(line.text, 100) + "\"");
            continue;
        }
        std::optional<AliasName> name = alias_name(line.text);
        std::string value = name ? tidy(text::trim(std::string_view(line.text).substr(name->colon + 1))) : "";
        if (value.empty()) {
            warn("need name:value pair");
            continue;
        }
        if (!name->local) {
            warn("name must be local");
            continue;
        }
        if (name->name.size() > tables::limits::key || value.size() > tables::limits::value) {
            warn("name or value is too long -- ignoring this line");
            continue;
        }
        // Kept all the same: mail to a name whose value is bad waits, mail to no name bounces.
        if (auto parsed = mail::parse_alias_value(value); !parsed) warn(parsed.error().text);
        entries.push_back(
            {options.fold ? text::fold_case(name->name) : name->name, std::move(value), line.first});
    }
    return entries;
}

}  // namespace

Result<std::string> content_of_files(std::string_view value) {
    std::string all;
    for (const std::string& path : text::split(value, ", \t")) {
        Result<std::string> content = config::read_file(path);
        if (!content) return content;
        all += (all.empty() ? "" : "\n") + *content;
    }
    return all;
}

std::vector<TextEntry> source_entries(const Options& options, std::string_view content,
                                      const std::string& file, std::vector<Finding>& findings) {
    std::vector<TextEntry> entries = options.tool == Tool::alias
                                         ? alias_entries(options, content, file, findings)
                                         : tables::text_entries(content, file, findings, options.fold);
    std::erase_if(entries, [&](TextEntry& entry) {
        auto warn = [&](std::string text) {
            findings.push_back({Severity::warning, file, entry.line, std::move(text), ""});
            return true;
        };
        if (options.utf8 && (!text::is_utf8(entry.key) || !text::is_utf8(entry.value)))
            return warn("non-UTF-8 input \"" + text::printable(entry.key + " " + entry.value, 100) +
                        "\" -- ignoring this line");
        if (!options.file_values) return false;
        Result<std::string> content = content_of_files(entry.value);
        if (!content) return warn(content.error().text + ": skipping this entry");
        std::string encoded = text::base64_encode(*content);
        if (encoded.size() > tables::limits::value) return warn("the file is too long: skipping this entry");
        entry.value = std::move(encoded);
        return false;
    });
    return entries;
}

}  // namespace ekiden::ekimap
