#pragma once
// The date-time of RFC 5322 §3.3, as header fields and delivery reports carry it. Time inside the house is
// UTC seconds since 1970; the local zone is only for what people read. Printing is locale-free.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::mail {

struct Date {
    std::int64_t utc_seconds = 0;
    int zone_minutes = 0;  // east of Greenwich; -0000 ("zone unknown") reads as 0
};

// "Sat, 21 Nov 2026 18:33:30 +0900 (JST)"; the comment is left out when zone_name is empty. Times outside the
// years 0 to 9999 are clamped, the zone to a day.
std::string print_date(std::int64_t utc_seconds, int zone_minutes, std::string_view zone_name = "");

// The same in the zone of this process (TZ is read at the first call: make one before chroot).
std::string print_local_date(std::int64_t utc_seconds);

// Reads what RFC 5322 allows, the obsolete forms of §4.3 included: folding, comments, missing weekday or
// seconds, two-digit years, zone names. A wrong weekday is not an error. Malformed on anything else.
Result<Date> parse_date(std::string_view text);

}  // namespace ekiden::mail
