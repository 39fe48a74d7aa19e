#include "common/mailbox/mbox_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace ekiden::mailbox {
namespace {

constexpr std::string_view from = "From ";

// What asctime() prints, without its line end and its limits.
std::string print_asctime(std::int64_t utc_seconds) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t seconds = utc_seconds;
    std::tm local{};
    if (localtime_r(&seconds, &local) == nullptr) gmtime_r(&seconds, &local);
    return fmt::format("{} {} {:2} {:02}:{:02}:{:02} {}", days.at(static_cast<std::size_t>(local.tm_wday)),
                       months.at(static_cast<std::size_t>(local.tm_mon)), local.tm_mday, local.tm_hour,
                       local.tm_min, local.tm_sec, local.tm_year + 1900);
}

}  // namespace

std::string from_line(std::string_view sender, std::int64_t arrival_seconds) {
    std::string who(sender.empty() ? "MAILER-DAEMON" : sender);
    std::ranges::replace_if(
        who, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return fmt::format("From {}  {}\n", who, print_asctime(arrival_seconds));
}

void FromQuoter::feed(std::string_view chunk, std::string& out) {
    while (!chunk.empty()) {
        if (at_line_start_) {
            while (matched_ < from.size() && !chunk.empty() && chunk.front() == from[matched_]) {
                ++matched_;
                chunk.remove_prefix(1);
            }
            if (chunk.empty() && matched_ < from.size()) return;
            if (matched_ == from.size()) out.push_back('>');
            finish(out);
            at_line_start_ = false;
        }
        std::size_t newline = chunk.find('\n');
        at_line_start_ = newline != std::string_view::npos;
        std::size_t line = at_line_start_ ? newline + 1 : chunk.size();
        out.append(chunk.substr(0, line));
        chunk.remove_prefix(line);
    }
}

void FromQuoter::finish(std::string& out) {
    out.append(from.substr(0, matched_));
    matched_ = 0;
}

Result<> for_each_chunk(const MboxEntry& entry, const std::function<Result<>(std::string_view)>& sink) {
    LineEndStripper stripper;
    FromQuoter quoter;
    std::string lines, quoted;
    auto feed = [&](std::string_view chunk) -> Result<> {
        lines.clear(), quoted.clear();
        stripper.feed(chunk, lines);
        quoter.feed(lines, quoted);
        return sink(quoted);
    };
    Result<> done = sink(from_line(entry.sender, entry.arrival_seconds));
    if (done) done = feed(entry.added_header);
    if (done) done = for_each_chunk(entry.content, feed);
    if (!done) return done;
    lines.clear(), quoted.clear();
    stripper.finish(lines);
    quoter.feed(lines, quoted);
    quoter.finish(quoted);
    return sink(quoted + "\n");
}

}  // namespace ekiden::mailbox
