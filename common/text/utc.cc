#include "common/text/utc.h"

#include <ctime>

namespace ekiden::text {

std::string print_utc(std::int64_t seconds) {
    std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

}  // namespace ekiden::text
