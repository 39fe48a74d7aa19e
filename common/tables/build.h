#pragma once
// Built tables are never changed in place: a new file takes the place of the old one at once, whose readers
// keep what they have open. Who changes a table holds its lock from reading the old entries to the end.
#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/tables/text_entries.h"

namespace ekiden::tables {

// The exclusive lock of the directory in which a table is built, so that no file of its own is left over.
class BuildLock {
  public:
    // Waits up to `time`; temporary where another has it still.
    static Result<BuildLock> take(const std::string& path, Milliseconds time);

  private:
    OwnedFd directory_;
};

// Writes `path` anew: `fill` makes the file that it is given the name of, which then gets the mode, is made
// durable and renamed. Nothing is left behind where it fails.
Result<> replace_file(const std::string& path, unsigned mode,
                      const std::function<Result<>(const std::string& path)>& fill);

// A table file of a type that is made here: hash, btree, cdb. `with_nul`: see cdb_content. Keys are distinct.
Result<> build_table(const std::string& type, const std::string& path, unsigned mode,
                     const std::vector<TextEntry>& entries, bool with_nul = false);

}  // namespace ekiden::tables
