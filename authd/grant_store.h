#pragma once
// Where grants are kept over restarts. The interface is what several machines would share through an existing
// engine; the store of one machine is SQLite. A store is used by one thread at a time, not the event loop's.
#include <string>
#include <vector>

#include "authd/grants.h"
#include "common/base/error.h"
#include "common/sqlite/database.h"

namespace ekiden::authd {

class GrantStore {
  public:
    virtual ~GrantStore() = default;
    // All that is kept, the longest unrenewed first.
    virtual Result<std::vector<Grant>> load() = 0;
    // Applies the changes in order, all or none.
    virtual Result<> save(const std::vector<GrantChange>& changes) = 0;
};

// Survives the end of any process at any instant; a loss of power may take the last few grants with it (their
// users log in again), which saves a flush of the disk at each login.
class SqliteGrantStore final : public GrantStore {
  public:
    static Result<SqliteGrantStore> open(const std::string& path);
    Result<std::vector<Grant>> load() override;
    Result<> save(const std::vector<GrantChange>& changes) override;

  private:
    explicit SqliteGrantStore(sqlite::Database database) : database_(std::move(database)) {}
    Result<> apply(const GrantChange& change);

    sqlite::Database database_;
    sqlite::Statement put_;
    sqlite::Statement erase_;
};

}  // namespace ekiden::authd
