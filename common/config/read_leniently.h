#pragma once
// main.cf for tools, which work as well as they can with one that has mistakes: telling of those is the
// check's business.
#include <string>

#include "common/config/settings.h"

namespace ekiden::config {

// main.cf of that directory, with the overrides on top and config_directory as it was found. Lines that do
// not parse are passed over, bad values count as their defaults. Fails only where the file cannot be read.
Result<Settings> read_leniently(const std::string& directory, RawValues overrides = {});

}  // namespace ekiden::config
