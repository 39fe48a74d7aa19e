#pragma once
// The check of a whole configuration with its static tables: config::check, and then every texthash, cidr,
// regexp and inline table is read as those who use it will read it. What `ekiden check` prints and what
// master does at start and at every reload.
#include "common/config/check.h"

namespace ekiden::tables {

config::Checked check(const std::string& config_directory, std::uint64_t generation = 1);

}  // namespace ekiden::tables
