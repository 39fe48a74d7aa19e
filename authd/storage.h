#pragma once
// What authd keeps on disk, all of it used on one storage thread so that no wait for the disk stops the loop:
// the connection that changes accounts, the store of grants, the publication of the directory. Only look-ups
// of accounts happen on the loop, through a read-only connection (microseconds, never blocked by the writer).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "authd/grant_store.h"
#include "authd/grants.h"
#include "authd/options.h"
#include "common/accounts/accounts.h"
#include "common/accounts/commands.h"
#include "common/base/owned_fd.h"
#include "common/event/gate.h"
#include "common/event/offload.h"
#include "common/sasl/sealed.h"

namespace ekiden::authd {

// Opened before the sandbox; afterwards no path is needed.
struct Storage {
    accounts::Accounts reader;  // the loop's
    accounts::Accounts writer;  // the storage thread's, like all below
    SqliteGrantStore grants;
    sasl::SealingKey key;
    OwnedFd directory;           // where the directory is published
    std::string directory_name;  // its file name there

    // Temporary: something cannot be opened. Denied, malformed: the key file.
    static Result<std::shared_ptr<Storage>> open(const Options& options, const Clock& clock);
    // Writes the directory of the present accounts in place of the old.
    Result<> publish(const Clock& clock);
};

// Keeps changed grants: all changes that wait go out in one transaction.
class GrantSaver {
  public:
    GrantSaver(event::Loop& loop, event::Offload& thread, std::shared_ptr<Storage> storage, Grants& grants);

    // Waits until every change made before this call is kept, or could not be (temporary; it is tried again
    // with the next one).
    Task<Result<>> settle();
    // Lets changes go out without waiting for them.
    void start();

  private:
    Task<> save_all();

    event::Loop& loop_;
    event::Offload& thread_;
    std::shared_ptr<Storage> storage_;
    Grants& grants_;
    event::Signal saved_;
    bool saving_ = false;
    bool store_is_behind_ = false;  // a save failed: the next one writes the whole table
    std::uint64_t asked_ = 0;       // number of the latest settle()
    std::uint64_t settled_ = 0;
    Result<> last_;
    event::Gate gate_;
};

}  // namespace ekiden::authd
