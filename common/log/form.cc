#include "common/log/form.h"

#include <fmt/format.h>

#include <ctime>

#include "common/text/ascii.h"

namespace ekiden::log {
namespace {

constexpr std::size_t text_limit = 16 * 1024;  // octets of a line

std::string time_stamp(std::int64_t when) {
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t seconds = when / 1'000'000;
    std::tm local{};
    localtime_r(&seconds, &local);
    return fmt::format("{} {:2} {:02}:{:02}:{:02}", months[local.tm_mon], local.tm_mday, local.tm_hour,
                       local.tm_min, local.tm_sec);
}

std::string json_time(std::int64_t when) {
    std::time_t seconds = when / 1'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, when % 1'000'000);
}

}  // namespace

std::string Form::print(const Written& line) const {
    // A captured sender's line must stay one line, and the stamps, printed last, are what counts.
    if (json && line.json.starts_with("{\"") && line.json.ends_with('}') &&
        text::printable(line.json, text_limit) == line.json)
        return fmt::format("{},\"time\":\"{}\",\"host\":{},\"program\":{},\"pid\":{},\"level\":{}}}\n",
                           line.json.substr(0, line.json.size() - 1), json_time(line.when), json_string(host),
                           json_string(line.program), line.pid, static_cast<int>(line.level));
    return fmt::format("{} {} {}[{}]: {}\n", time_stamp(line.when), host, line.program, line.pid,
                       text::printable(line.text, text_limit));
}

std::string print_for_syslog(const Written& line, int facility) {
    return fmt::format("<{}>{} {}[{}]: {}", facility | (static_cast<int>(line.level) & 7),
                       time_stamp(line.when), line.program, line.pid, text::printable(line.text, text_limit));
}

}  // namespace ekiden::log
