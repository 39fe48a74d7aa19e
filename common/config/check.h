#pragma once
// Reading a whole configuration directory and checking what it says by itself: syntax, names, types, files.
// Only a configuration without errors becomes a snapshot; otherwise the old one stays in force.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/config/finding.h"
#include "common/config/main_cf.h"
#include "common/config/snapshot.h"

namespace ekiden::config {

struct Checked {
    std::vector<Finding> findings;     // errors and warnings in the order they were found
    std::optional<Snapshot> snapshot;  // only where there is no error
    MainCf main;                       // to tell on which line a parameter stands
};

// Reads main.cf, master.cf and the static tables they name: what can be judged without knowing the programs
// (common/suite does the rest). Looks at the file system, never at the network, and changes nothing.
Checked check(const std::string& config_directory, std::uint64_t generation = 1);

// The content of a configuration file of at most 16 MiB.
Result<std::string> read_file(const std::string& path);

}  // namespace ekiden::config
