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
    // `path` with its suffix. The file need not be there yet: lookups fail for now until it is.
    IndexedTable(std::string name, std::string path) : LocalTable(std::move(name)), file_(std::move(path)) {}
    Found find_now(std::string_view key) override;
    // Calls for each entry in the order of keys.
    Result<> each(const std::function<void(std::string_view key, std::string_view value)>& visit);

  private:
    Result<> reopen_if_changed();
    ReplacedFile file_;
    sqlite::Database database_;
    sqlite::Statement find_;
};

// Who owns a built file and who may read it.
struct FileRights {
    mode_t mode;
    std::optional<std::pair<uid_t, gid_t>> owner;  // nothing: whoever builds it
};

// Writes the entries as a new file that takes the place of `path` at once; keys must be distinct. The old
// file's readers keep what they have open.
Result<> build_indexed(const std::string& path, const std::vector<TextEntry>& entries,
                       const FileRights& rights);

}  // namespace ekiden::tables
