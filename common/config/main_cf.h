#pragma once
// Reading main.cf: `name = value` by logical lines, the last of a name winning. Values stay unexpanded here
// (Settings expands them); every entry remembers its line so that whatever is found wrong later can say
// where.
#include <string>
#include <string_view>
#include <vector>

#include "common/config/finding.h"
#include "common/config/settings.h"

namespace ekiden::config {

struct MainCfEntry {
    std::string name;
    std::string value;
    int first_line;  // physical lines of the entry, from 1
    int last_line;
};

class MainCf {
  public:
    // Reads what parses and puts a finding for each line that does not. `file` is the name in findings.
    static MainCf parse(std::string_view content, const std::string& file, std::vector<Finding>& findings);

    // All entries in the order of the file, those overridden later included.
    const std::vector<MainCfEntry>& entries() const { return entries_; }
    // The entry that counts, or null.
    const MainCfEntry* find(std::string_view name) const;
    // 0 when the name is not set here.
    int line_of(std::string_view name) const;
    RawValues values() const;

  private:
    std::vector<MainCfEntry> entries_;
};

// May this be the name of a parameter: visible ASCII without `=`, as Postfix reads them. Only names of
// letters, digits and `_` can be referred to by $name.
bool is_parameter_name(std::string_view name);
// The two sides of `name = value`, trimmed. Malformed errors say what is missing, in Postfix's words.
Result<std::pair<std::string, std::string>> split_assignment(std::string_view text);

}  // namespace ekiden::config
