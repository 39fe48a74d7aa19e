#pragma once
// Commands on the accounts while the suite is down: on the database itself, as the user who owns it.
#include <optional>
#include <string>
#include <vector>

#include "common/accounts/commands.h"
#include "common/base/secret.h"
#include "common/config/settings.h"

namespace ekiden::ekiuser {

// Root becomes the owner of data_directory for good first, so that every file has the owner that authd needs.
// The directory for the router is published here too, when it can be.
Result<accounts::CommandResult> run_offline(const Settings& settings, const std::vector<std::string>& words,
                                            const std::optional<Secret>& password);

}  // namespace ekiden::ekiuser
