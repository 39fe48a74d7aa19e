#include "common/config/table_reference.h"

#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr TableType types[] = {{"btree", false, ".db"}, {"cidr", true, ""},    {"fail", false, ""},
                               {"hash", false, ".db"},  {"inline", false, ""}, {"regexp", true, ""},
                               {"sqlite", false, ""},   {"static", false, ""}, {"texthash", true, ""}};

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

}  // namespace ekiden::config
