#include "common/tables/simple.h"

#include "common/config/expand.h"
#include "common/tables/text_entries.h"
#include "common/text/ascii.h"

namespace ekiden::tables {

Found MapTable::find_now(std::string_view key) {
    auto found = entries_.find(text::to_lower(key));
    if (found == entries_.end()) return std::nullopt;
    return found->second;
}

Result<std::unique_ptr<Table>> make_inline(std::string name, std::string_view text) {
    if (!text.starts_with('{') || !text.ends_with('}'))
        return malformed("bad syntax: \"inline:" + text::printable(text, 60) +
                         "\" (write inline:{ key=value, { key = value } })");
    Result<std::vector<std::string>> items = config::split_list(config::without_braces(text));
    if (!items) return pass(items);
    MapTable::Entries entries;
    for (const std::string& item : *items) {
        std::string_view assignment = config::without_braces(item);
        std::size_t equals = assignment.find('=');
        std::string_view key = text::trim(assignment.substr(0, equals));
        if (equals == std::string_view::npos || key.empty())
            return malformed("bad item in " + name + ": \"" + text::printable(item, 60) +
                             "\" is not key=value");
        entries.try_emplace(text::to_lower(key), text::trim(assignment.substr(equals + 1)));
    }
    return std::make_unique<MapTable>(std::move(name), std::move(entries));
}

std::unique_ptr<Table> make_static(std::string name, std::string_view text) {
    return std::make_unique<StaticTable>(std::move(name), std::string(config::without_braces(text)));
}

std::unique_ptr<Table> make_texthash(std::string name, std::string_view content, const std::string& file,
                                     std::vector<config::Finding>& findings) {
    MapTable::Entries entries;
    for (TextEntry& entry : text_entries(content, file, findings))
        if (!entries.try_emplace(entry.key, std::move(entry.value)).second)
            findings.push_back({config::Severity::warning, file, entry.line,
                                "duplicate entry: \"" + text::printable(entry.key, 100) + "\"",
                                "the first counts"});
    return std::make_unique<MapTable>(std::move(name), std::move(entries));
}

}  // namespace ekiden::tables
