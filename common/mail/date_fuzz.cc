#include <cstdlib>

#include "common/mail/date.h"

// What was read must survive printing and reading again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto date = ekiden::mail::parse_date(text);
    if (!date) return 0;
    auto again = ekiden::mail::parse_date(ekiden::mail::print_date(date->utc_seconds, date->zone_minutes));
    if (!again || again->zone_minutes != date->zone_minutes) std::abort();
    return 0;
}
