#pragma once
// Reading and checking a whole configuration directory: what `ekiden check` prints and what master does at
// start and at every reload. Only a configuration without errors becomes a snapshot; otherwise the old one
// stays in force.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/config/finding.h"
#include "common/config/snapshot.h"

namespace ekiden::config {

struct Checked {
    std::vector<Finding> findings;     // errors and warnings in the order they were found
    std::optional<Snapshot> snapshot;  // only where there is no error
};

// Reads main.cf, master.cf and the static tables they name. Looks at the file system (programs, tables,
// certificates), never at the network, and changes nothing.
Checked check(const std::string& config_directory, std::uint64_t generation = 1);

// The content of a configuration file of at most 16 MiB.
Result<std::string> read_file(const std::string& path);

}  // namespace ekiden::config
