#pragma once
// The directory: what the router may know of the accounts (names, domains, aliases, mailboxes) without any
// secret, as a file that is replaced whole by rename. Its schema and promises stand in
// docs/directory-format.md.
#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/accounts/accounts.h"
#include "common/base/error.h"

namespace ekiden::accounts {

inline constexpr int directory_version = 2;  // PRAGMA user_version of the file

// The directory of these accounts as the octets of an SQLite file. `now` is kept in it (UTC seconds).
Result<std::string> directory_image(Accounts& accounts, std::int64_t now);

// Puts the octets in the place of the file `name` of the directory `directory_fd`: written beside it, synced,
// renamed, the directory synced. A reader sees the old file or the new one. Works where paths no longer do
// (after chroot).
Result<> replace_file(int directory_fd, const std::string& name, std::string_view octets, mode_t mode);

}  // namespace ekiden::accounts
