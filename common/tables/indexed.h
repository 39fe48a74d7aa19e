#pragma once
// hash and btree tables: a file that ekimap builds and that is replaced whole by rename. Readers notice the
// replacement at the next lookup. The form stands in docs/table-format.md.
#include <functional>
#include <vector>

#include "common/sqlite/database.h"
#include "common/tables/replaced_file.h"
#include "common/tables/table.h"
#include "common/tables/text_entries.h"

namespace ekiden::tables {

inline constexpr std::string_view indexed_suffix = ".db";

class IndexedTable final : public LocalTable {
  public:
    // `path` with its suffix. The file need not be there yet: lookups fail for now until it is. `fold`: keys
    // are looked up without their case.
    IndexedTable(std::string name, std::string path, bool fold = true)
        : LocalTable(std::move(name)),
          file_(std::move(path), " (run: ekimap " + this->name() + ", for aliases ekialias)"),
          fold_(fold) {}
    Found find_now(std::string_view key) override;
    // Calls for each entry in the order of keys.
    Result<> each(const std::function<void(std::string_view key, std::string_view value)>& visit);

  private:
    Result<> reopen_if_changed();
    ReplacedFile file_;
    const bool fold_;
    sqlite::Database database_;
    sqlite::Statement find_;
};

// Writes the entries into a new file; keys must be distinct.
Result<> write_indexed(const std::string& path, const std::vector<TextEntry>& entries);

}  // namespace ekiden::tables
