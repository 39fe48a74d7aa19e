#include "common/config/table_reference.h"

#include "common/config/expand.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr int deepest = 10;
constexpr std::size_t most_leaves = 100;

using enum TableKind;
constexpr TableType types[] = {
    {"btree", built, ".db", true}, {"cdb", built, ".cdb", true},
    {"cidr", in_snapshot},         {"debug", of_tables},
    {"environ", in_parameter},     {"fail", in_parameter},
    {"hash", built, ".db", true},  {"inline", in_parameter},
    {"lmdb", built, ".lmdb"},      {"pcre", in_snapshot},
    {"pipemap", of_tables},        {"proxy", of_tables},
    {"randmap", in_parameter},     {"regexp", in_snapshot},
    {"socketmap", service},        {"sqlite", service},
    {"static", in_parameter},      {"texthash", in_snapshot},
    {"unionmap", of_tables},       {"unix", service},
};

Result<> add_leaves(std::string_view text, int depth, std::vector<TableReference>& leaves) {
    auto reference = parse_table_reference(text);
    if (!reference) return malformed("\"" + text::printable(text, 60) + "\" is no type:name table");
    const TableType* type = find_table_type(reference->type);
    if (!type) return malformed("unsupported dictionary type: " + reference->type);
    if (reference->name.empty())
        return malformed("expecting \"type:name\" form instead of \"" + reference->type + ":\"");
    if (type->kind != of_tables) {
        if (leaves.size() >= most_leaves) return malformed("more than 100 tables in one");
        leaves.push_back(std::move(*reference));
        return {};
    }
    if (depth > deepest) return malformed("tables of tables are nested too deeply");
    Result<std::vector<std::string>> inside = tables_inside(*reference);
    if (!inside) return pass(inside);
    for (const std::string& each : *inside)
        if (Result<> added = add_leaves(each, depth + 1, leaves); !added) return added;
    return {};
}

}  // namespace

std::optional<TableReference> parse_table_reference(std::string_view text) {
    while (text.starts_with("proxy:")) text.remove_prefix(6);
    std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    std::string_view type = text.substr(0, colon);
    for (char c : type)
        if (!text::is_alnum(c) && c != '-' && c != '_') return std::nullopt;
    return TableReference{text::to_lower(type), std::string(text.substr(colon + 1))};
}

std::span<const TableType> table_types() { return types; }

const TableType* find_table_type(std::string_view name) {
    for (const TableType& type : types)
        if (type.name == name) return &type;
    return nullptr;
}

bool has_rules_inside(const TableReference& reference) {
    bool of_patterns = reference.type == "cidr" || reference.type == "pcre" || reference.type == "regexp";
    return of_patterns && reference.name.starts_with('{');
}

Result<std::string> rules_inside(const TableReference& reference) {
    const std::string what = reference.type + " map: ";
    if (!reference.name.ends_with('}'))
        return malformed(what + "\"{\" without its \"}\" at the end of \"" +
                         text::printable(reference.name, 60) + "\"");
    Result<std::vector<std::string>> rules = split_list(without_braces(reference.name));
    if (!rules) return malformed(what + rules.error().text);
    std::string lines;
    for (const std::string& rule : *rules) {
        if (!rule.starts_with('{') || !rule.ends_with('}'))
            return malformed(what + "no '{' at start of text in \"" + text::printable(rule, 60) + "\"");
        lines.append(without_braces(rule)) += '\n';
    }
    return lines;
}

Result<std::vector<std::string>> tables_inside(const TableReference& reference) {
    if (reference.type == "debug") return std::vector{reference.name};
    const std::string& text = reference.name;
    Result<std::vector<std::string>> items = std::vector<std::string>();
    if (text.starts_with('{') && text.ends_with('}')) items = split_list(without_braces(text));
    if (!items) return items;
    if (items->empty())
        return malformed("bad syntax: \"" + reference.type + ":" + text::printable(text, 60) + "\"; need \"" +
                         reference.type + ":{type:name...}\"");
    for (std::string& item : *items) item = std::string(without_braces(item));
    return items;
}

Result<std::vector<TableReference>> leaf_tables(std::string_view text) {
    std::vector<TableReference> leaves;
    if (Result<> added = add_leaves(text, 0, leaves); !added) return pass(added);
    return leaves;
}

}  // namespace ekiden::config
