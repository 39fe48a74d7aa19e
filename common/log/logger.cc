#include "common/log/logger.h"

#include <fmt/format.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/text/ascii.h"

namespace ekiden::log {
namespace {

Sink* the_sink = nullptr;

// Longer values say nothing more; a line stays readable and within what syslog takes.
constexpr std::size_t value_limit = 2000;

std::string_view prefix(Level level) {
    switch (level) {
        case Level::error: return "error: ";
        case Level::warning: return "warning: ";
        case Level::info:
        case Level::debug: break;
    }
    return "";
}

}  // namespace

Value::Value(std::string_view text) : text_(text::printable(text, value_limit)) {}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            out += '\\', out += c;
        else if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", c);
        else
            out += c;
    }
    return out + '"';
}

Line render(std::string_view name, Level level, std::string_view text, const Value* values,
            std::size_t count) {
    Line line{level, system_clock().wall_us(), name, std::string(prefix(level)),
              "{\"event\":" + json_string(name)};
    std::size_t next = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '{') {
            std::size_t end = std::min(text.find('{', at), text.size());
            line.text += text.substr(at, end - at);
            at = end;
            continue;
        }
        Place place = place_at(text, at);
        at = place.end;
        if (next >= count) break;
        const Value& value = values[next++];
        bool optional = place.before.data() != nullptr;
        if (!place.hidden && (!optional || !value.text().empty()))
            line.text.append(place.before).append(value.text()).append(place.after);
        if (value.text().empty() && optional) continue;
        line.json += fmt::format(",{}:{}", json_string(place.field),
                                 value.number() ? std::string(value.text()) : json_string(value.text()));
    }
    line.json += '}';
    return line;
}

void set_sink(Sink* sink) { the_sink = sink; }

void write(const Line& line) {
    if (the_sink) return the_sink->write(line);
    std::string text = line.text + '\n';
    // stderr is the last resort: when it fails there is nobody left to tell.
    ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
    (void)ignored;
}

}  // namespace ekiden::log
