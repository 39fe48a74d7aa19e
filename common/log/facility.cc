#include "common/log/facility.h"

#include <syslog.h>

#include <utility>

namespace ekiden::log {

std::optional<int> facility_named(std::string_view name) {
    static constexpr std::pair<std::string_view, int> numbers[] = {
        {"mail", LOG_MAIL},     {"daemon", LOG_DAEMON}, {"user", LOG_USER},     {"auth", LOG_AUTH},
        {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
        {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};
    for (auto [known, number] : numbers)
        if (known == name) return number;
    return std::nullopt;
}

}  // namespace ekiden::log
