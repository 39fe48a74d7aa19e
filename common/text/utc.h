#pragma once
// Moments as tools and machines read them: RFC 3339 in UTC.
#include <cstdint>
#include <string>

namespace ekiden::text {

// "2026-11-22T07:15:23Z"; seconds since 1970.
std::string print_utc(std::int64_t seconds);

}  // namespace ekiden::text
