#pragma once
// References to lookup tables as they stand in parameters: `hash:/etc/ekiden/transport`, `inline:{ a=b }`.
// This only reads the text; opening tables is common/tables' business.
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ekiden::config {

struct TableReference {
    std::string type;  // lower case
    std::string name;  // a path, or the content of inline and static
};

// "type:name"; `proxy:` in front is dropped (tables are shared through the router anyway). Nothing when there
// is no type.
std::optional<TableReference> parse_table_reference(std::string_view text);

struct TableType {
    std::string_view name;
    bool in_snapshot;         // a text file that master reads and hands to every child
    std::string_view suffix;  // of the file that is opened, for built tables
};

// The types there are, by name (ekiconf -m).
std::span<const TableType> table_types();
const TableType* find_table_type(std::string_view name);

}  // namespace ekiden::config
