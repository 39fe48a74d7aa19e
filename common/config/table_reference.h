#pragma once
// References to lookup tables as they stand in parameters: `hash:/etc/ekiden/transport`, `inline:{ a=b }`,
// `unionmap:{hash:/x, static:y}`. This only reads the text and knows which types there are; opening tables is
// common/tables' business.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::config {

struct TableReference {
    std::string type;  // lower case
    std::string name;  // a path, or the content of inline and static
};

// "type:name"; `proxy:` in front is dropped (tables are shared through the router anyway). Nothing when there
// is no type.
std::optional<TableReference> parse_table_reference(std::string_view text);

// Where the answers of a table come from.
enum class TableKind {
    in_parameter,  // the parameter itself, or nothing outside the process: every process has it
    in_snapshot,   // a text file that master reads and hands to every child
    built,         // a file with a suffix, made by ekimap or Postfix's postmap: the router opens it
    service,       // a database, a server, the system's users: the router asks
    of_tables,     // other tables, which its name lists
};

struct TableType {
    std::string_view name;
    TableKind kind;
    std::string_view suffix = {};  // of the file that is opened, for built tables
    bool made_here = false;        // ekimap can build it

    bool in_snapshot() const { return kind == TableKind::in_snapshot; }
    // Nobody but the router has it.
    bool asked_at_router() const { return kind == TableKind::built || kind == TableKind::service; }
};

// A table of patterns may have its rules in its name: `pcre:{{/pattern/ value}, {/other/ value}}`.
bool has_rules_inside(const TableReference& reference);
// Those rules, a line each, as they would stand in a file. Malformed where braces are missing.
Result<std::string> rules_inside(const TableReference& reference);

// The types there are, by name (ekiconf -m).
std::span<const TableType> table_types();
const TableType* find_table_type(std::string_view name);

// The tables that a table of tables is made of: `{a:b, c:d}` of unionmap and pipemap, what stands behind
// `debug:`. Malformed with the form that it should have.
Result<std::vector<std::string>> tables_inside(const TableReference& reference);

// The tables that a reference ends at: itself, or those inside of it at any depth. Malformed: no reference at
// all, an unknown type, or too deep.
Result<std::vector<TableReference>> leaf_tables(std::string_view text);

}  // namespace ekiden::config
