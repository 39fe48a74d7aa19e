#include "common/tables/simple.h"

#include <stdlib.h>

#include "common/config/expand.h"
#include "common/tables/text_entries.h"
#include "common/text/ascii.h"
#include "common/text/fold.h"

namespace ekiden::tables {

Found MapTable::find_now(std::string_view key) {
    auto found = entries_.find(fold_ ? text::fold_case(key) : std::string(key));
    if (found == entries_.end()) return std::nullopt;
    return found->second;
}

Found RandomTable::find_now(std::string_view) {
    return values_[::arc4random_uniform(static_cast<std::uint32_t>(values_.size()))];
}

Found EnvironmentTable::find_now(std::string_view key) {
    if (key.find('\0') != std::string_view::npos) return std::nullopt;
    const char* value = ::getenv(std::string(key).c_str());
    if (!value) return std::nullopt;
    return std::string(value);
}

namespace {

// The items of `type:{ item, item }`, at least one.
Result<std::vector<std::string>> items_in_braces(std::string_view name, std::string_view text,
                                                 std::string_view form) {
    Result<std::vector<std::string>> items = std::vector<std::string>();
    if (text.starts_with('{') && text.ends_with('}'))
        items = config::split_list(config::without_braces(text));
    if (!items) return items;
    if (items->empty())
        return malformed("bad syntax: \"" + text::printable(name, 80) + "\"; need \"" + std::string(form) +
                         "\"");
    return items;
}

}  // namespace

Result<std::unique_ptr<Table>> make_random(std::string name, std::string_view text) {
    auto items = items_in_braces(name, text, "randmap:{value...}");
    if (!items) return pass(items);
    return std::make_unique<RandomTable>(std::move(name), std::move(*items));
}

Result<std::unique_ptr<Table>> make_inline(std::string name, std::string_view text, bool fold) {
    auto items = items_in_braces(name, text, "inline:{name=value...}");
    if (!items) return pass(items);
    MapTable::Entries entries;
    for (const std::string& item : *items) {
        std::string_view assignment = config::without_braces(item);
        std::size_t equals = assignment.find('=');
        std::string_view key = text::trim(assignment.substr(0, equals));
        if (equals == std::string_view::npos || key.empty())
            return malformed("bad item in " + name + ": \"" + text::printable(item, 60) +
                             "\" is not key=value");
        entries.insert_or_assign(fold ? text::fold_case(key) : std::string(key),
                                 std::string(text::trim(assignment.substr(equals + 1))));
    }
    return std::make_unique<MapTable>(std::move(name), std::move(entries), fold);
}

std::unique_ptr<Table> make_static(std::string name, std::string_view text) {
    return std::make_unique<StaticTable>(std::move(name), std::string(config::without_braces(text)));
}

std::unique_ptr<Table> make_texthash(std::string name, std::string_view content, const std::string& file,
                                     std::vector<config::Finding>& findings, bool fold) {
    MapTable::Entries entries;
    for (TextEntry& entry : text_entries(content, file, findings, fold))
        if (!entries.try_emplace(entry.key, std::move(entry.value)).second)
            findings.push_back({config::Severity::warning, file, entry.line,
                                "duplicate entry: \"" + text::printable(entry.key, 100) + "\"",
                                "the first counts"});
    return std::make_unique<MapTable>(std::move(name), std::move(entries), fold);
}

}  // namespace ekiden::tables
