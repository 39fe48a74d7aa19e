#pragma once
// The text form of tables that texthash reads and ekimap builds from: `key value` by logical lines, `#`
// comments, double quotes in the key around white space. Keys are folded to lower case, as lookups are.
#include <string>
#include <string_view>
#include <vector>

#include "common/config/finding.h"

namespace ekiden::tables {

struct TextEntry {
    std::string key;
    std::string value;
    int line;
};

// All entries in order, duplicates included; a finding for each line that is no entry. `fold`: keys to lower
// case.
std::vector<TextEntry> text_entries(std::string_view content, const std::string& file,
                                    std::vector<config::Finding>& findings, bool fold = true);

}  // namespace ekiden::tables
