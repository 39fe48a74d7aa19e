#include "common/mail/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <optional>

#include "common/text/cursor.h"

namespace ekiden::mail {
namespace {

using text::Cursor;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t earliest = -62167219200;  // 0000-01-01
constexpr std::int64_t latest = 253402300799;    // 9999-12-31

// CFWS: blanks, line ends and comments, which nest at most this deep before the text is refused.
constexpr int comment_depth = 16;

bool skip_comment(Cursor& cursor) {
    int depth = 0;
    do {
        if (cursor.done()) return false;
        char c = cursor.take();
        if (c == '\\') cursor.take();
        if (c == '(' && ++depth > comment_depth) return false;
        if (c == ')') --depth;
    } while (depth > 0);
    return true;
}

bool skip_cfws(Cursor& cursor) {
    for (;;) {
        cursor.take_while(text::is_space);
        if (cursor.peek() != '(') return true;
        if (!skip_comment(cursor)) return false;
    }
}

std::optional<int> take_number(Cursor& cursor, std::size_t least, std::size_t most) {
    std::string_view digits = cursor.take_while(text::is_digit);
    if (digits.size() < least || digits.size() > most) return std::nullopt;
    return static_cast<int>(*text::parse_number(digits));
}

template <std::size_t N>
std::optional<unsigned> take_name(Cursor& cursor, const std::array<std::string_view, N>& names) {
    std::string_view word = cursor.take_while(text::is_alpha);
    for (unsigned i = 0; i < N; ++i)
        if (text::equal_ignoring_case(word, names[i])) return i;
    return std::nullopt;
}

// year = 4*DIGIT; RFC 5322 4.3: two digits below 50 are 20xx, others and three digits count from 1900.
std::optional<int> take_year(Cursor& cursor) {
    std::size_t mark = cursor.mark();
    std::optional<int> year = take_number(cursor, 2, 4);
    if (!year) return std::nullopt;
    std::size_t digits = cursor.since(mark).size();
    if (digits == 2) return *year < 50 ? *year + 2000 : *year + 1900;
    return digits == 3 ? *year + 1900 : *year;
}

// zone = ("+" / "-") 4DIGIT / obs-zone. Military letters mean nothing (RFC 5322 4.3), so they read as 0.
std::optional<int> take_zone(Cursor& cursor) {
    char sign = cursor.peek();
    if (sign == '+' || sign == '-') {
        cursor.take();
        std::optional<int> value = take_number(cursor, 4, 4);
        if (!value || *value % 100 > 59 || *value > 2359) return std::nullopt;
        int minutes = *value / 100 * 60 + *value % 100;
        return sign == '-' ? -minutes : minutes;
    }
    struct Named {
        std::string_view name;
        int hours;
    };
    constexpr std::array<Named, 11> named{{{"UT", 0},
                                           {"GMT", 0},
                                           {"UTC", 0},
                                           {"EST", -5},
                                           {"EDT", -4},
                                           {"CST", -6},
                                           {"CDT", -5},
                                           {"MST", -7},
                                           {"MDT", -6},
                                           {"PST", -8},
                                           {"PDT", -7}}};
    std::string_view word = cursor.take_while(text::is_alpha);
    for (const Named& zone : named)
        if (text::equal_ignoring_case(word, zone.name)) return zone.hours * 60;
    return word.empty() ? std::nullopt : std::optional(0);
}

struct Clock {
    int hour = 0, minute = 0, second = 0;
};

// time-of-day = 2DIGIT ":" 2DIGIT [ ":" 2DIGIT ]; second 60 is a leap second.
std::optional<Clock> take_time(Cursor& cursor) {
    std::optional<int> hour = take_number(cursor, 1, 2);
    if (!hour || *hour > 23 || !skip_cfws(cursor) || !cursor.take_if(':') || !skip_cfws(cursor))
        return std::nullopt;
    std::optional<int> minute = take_number(cursor, 1, 2);
    if (!minute || *minute > 59 || !skip_cfws(cursor)) return std::nullopt;
    if (!cursor.take_if(':')) return Clock{*hour, *minute, 0};
    if (!skip_cfws(cursor)) return std::nullopt;
    std::optional<int> second = take_number(cursor, 1, 2);
    if (!second || *second > 60) return std::nullopt;
    return Clock{*hour, *minute, *second};
}

// [ day-name "," ] day month year
std::optional<std::chrono::year_month_day> take_day(Cursor& cursor) {
    if (text::is_alpha(cursor.peek())) {
        if (!take_name(cursor, weekdays) || !skip_cfws(cursor)) return std::nullopt;
        cursor.take_if(',');
        if (!skip_cfws(cursor)) return std::nullopt;
    }
    std::optional<int> day = take_number(cursor, 1, 2);
    if (!day || !skip_cfws(cursor)) return std::nullopt;
    std::optional<unsigned> month = take_name(cursor, months);
    if (!month || !skip_cfws(cursor)) return std::nullopt;
    std::optional<int> year = take_year(cursor);
    if (!year) return std::nullopt;
    std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month + 1),
                                     std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return date;
}

}  // namespace

std::string print_date(std::int64_t utc_seconds, int zone_minutes, std::string_view zone_name) {
    int zone = std::clamp(zone_minutes, -1439, 1439);
    std::int64_t local = std::clamp(std::clamp(utc_seconds, earliest, latest) + zone * 60, earliest, latest);
    std::int64_t second = (local % day_seconds + day_seconds) % day_seconds;
    std::chrono::sys_days days{std::chrono::days((local - second) / day_seconds)};
    std::chrono::year_month_day date{days};
    int east = zone < 0 ? -zone : zone;
    std::string out =
        fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                    weekdays[std::chrono::weekday(days).c_encoding()], static_cast<unsigned>(date.day()),
                    months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    second / 3600, second / 60 % 60, second % 60, zone < 0 ? '-' : '+', east / 60, east % 60);
    if (!zone_name.empty()) out += fmt::format(" ({})", zone_name);
    return out;
}

std::string print_local_date(std::int64_t utc_seconds) {
    static const bool zone_read = (tzset(), true);
    static_cast<void>(zone_read);
    time_t when = utc_seconds;
    tm local{};
    if (localtime_r(&when, &local) == nullptr) return print_date(utc_seconds, 0);
    return print_date(utc_seconds, static_cast<int>(local.tm_gmtoff / 60),
                      local.tm_zone ? local.tm_zone : "");
}

Result<Date> parse_date(std::string_view text) {
    Cursor cursor(text);
    auto bad = [] { return malformed("not a date of RFC 5322"); };
    if (!skip_cfws(cursor)) return bad();
    std::optional<std::chrono::year_month_day> day = take_day(cursor);
    if (!day || !skip_cfws(cursor)) return bad();
    std::optional<Clock> clock = take_time(cursor);
    if (!clock || !skip_cfws(cursor)) return bad();
    std::optional<int> zone = take_zone(cursor);
    if (!zone || !skip_cfws(cursor) || !cursor.done()) return bad();
    std::int64_t days = std::chrono::sys_days(*day).time_since_epoch().count();
    return Date{days * day_seconds + clock->hour * 3600 + clock->minute * 60 + clock->second - *zone * 60,
                *zone};
}

}  // namespace ekiden::mail
