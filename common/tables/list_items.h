#pragma once
// The items of a list of domains or networks with what may stand in every such list taken out: `!item` for
// what is not meant, and `/file` with more items.
#include <string>
#include <vector>

#include "common/config/params.h"
#include "common/tables/open.h"

namespace ekiden::tables {

struct ListItem {
    bool negated;
    std::string text;
    std::string where;  // "/file, line 3: " for what stands in a file, to begin an error with
};

// Malformed for a file whose lines are none, or files that name each other too deeply.
Result<std::vector<ListItem>> list_items(const List& items, const Source& source);

}  // namespace ekiden::tables
