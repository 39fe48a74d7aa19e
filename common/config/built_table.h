#pragma once
// How a table that ekimap built is known: an SQLite file with this application_id (docs/table-format.md).
// Postfix has Berkeley DB by the same names.
#include <cstdint>
#include <string>

namespace ekiden::config {

inline constexpr std::uint32_t built_table_id = 0x456b4d70;  // "EkMp"

// Reads the file's first octets, where it is a regular file; whether the rest is sound is not looked at.
bool is_built_table(const std::string& path);

}  // namespace ekiden::config
