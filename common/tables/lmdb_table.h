#pragma once
// lmdb tables: read only, as Postfix's postmap builds them (one file, the unnamed database); ekimap makes
// none. The file is mapped without LMDB's lock file, for a confined process may write none: each lookup reads
// in a transaction of its own, which is over before a writer could use its pages again by any ordinary speed.
// Keys and values may end in a NUL octet. Limits: a file that is cut off while it is mapped kills the process
// that reads it (the kernel's SIGBUS); postmap never does that, `>file` does.
#include <functional>
#include <memory>

#include "common/tables/replaced_file.h"
#include "common/tables/table.h"

struct MDB_env;

namespace ekiden::tables {

class LmdbTable final : public LocalTable {
  public:
    // `path` with its suffix; `fold`: keys are looked up in lower case.
    LmdbTable(std::string name, std::string path, bool fold)
        : LocalTable(std::move(name)),
          file_(std::move(path), " (run: postmap " + this->name() + ")"),
          fold_(fold) {}
    Found find_now(std::string_view key) override;
    // All entries, in the order of their keys.
    Result<> each(const std::function<void(std::string_view key, std::string_view value)>& visit);

  private:
    struct Close {
        void operator()(MDB_env* environment) const;
    };
    Result<> reopen_if_changed();
    Found look_up(std::string_view key);

    ReplacedFile file_;
    const bool fold_;
    std::unique_ptr<MDB_env, Close> environment_;
};

}  // namespace ekiden::tables
