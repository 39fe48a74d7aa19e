#pragma once
// The users of this host, as the router may know them: their names. Who has which uid and where the mail lies
// is looked up again by those who become that user.
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/error.h"

namespace ekiden::router {

// The name of a user of the system's password database, as it stands there; nothing where there is none.
// Temporary when the database cannot be asked.
Result<std::optional<std::string>> system_user(const std::string& name);

// The name of the user with that number; empty where there is none. Temporary as above.
Result<std::string> name_of_user(std::uint32_t uid);

// With whose rights commands and files of an alias table are used: the owner of the file behind
// "hash:/etc/aliases", or nobody in particular (empty) where that is root or no file. Temporary where the
// file belongs to nobody that this host knows.
Result<std::string> owner_of_table(const std::string& table);

}  // namespace ekiden::router
