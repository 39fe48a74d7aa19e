#pragma once
// The directory that authd publishes: domains, mailboxes and aliases of the accounts, without secrets. It is
// replaced whole by rename (docs/directory-format.md); every question first looks whether there is a newer
// one. A directory that cannot be read is a temporary error, never "unknown".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/sqlite/database.h"
#include "common/tables/replaced_file.h"

namespace ekiden::router {

struct DirectoryMailbox {
    std::string path;  // below virtual_mailbox_base
    std::uint64_t quota;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
};

class Directory {
  public:
    explicit Directory(std::string path) : file_(std::move(path)) {}

    // Names in any case of ASCII letters.
    Result<bool> has_domain(std::string_view domain);
    Result<std::optional<DirectoryMailbox>> mailbox(std::string_view address);
    // Targets of an address, or of "@domain"; empty where it is no alias.
    Result<std::vector<std::string>> aliases(std::string_view address);

  private:
    Result<> reopen_if_changed();

    tables::ReplacedFile file_;
    sqlite::Database database_;
    sqlite::Statement domain_, mailbox_, alias_;
};

}  // namespace ekiden::router
