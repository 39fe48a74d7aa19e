#pragma once
// Facilities of syslog by name.
#include <optional>
#include <string_view>

namespace ekiden::log {

// The number that syslog_facility = name stands for; nothing for a name that is none of ours.
std::optional<int> facility_named(std::string_view name);

}  // namespace ekiden::log
