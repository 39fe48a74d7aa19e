#pragma once
// The check of a whole configuration: config::check, the static tables, and then for each service of
// master.cf what its program itself will read of its settings at its start. What `ekiden check` prints and
// what master does at start and at every reload: a configuration that passes keeps no program from starting.
#include "common/config/check.h"

namespace ekiden::suite {

// Looks at the file system and the password database, never at the network, and changes nothing.
config::Checked check(const std::string& config_directory, std::uint64_t generation = 1);

}  // namespace ekiden::suite
