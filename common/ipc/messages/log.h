#pragma once
// Everybody → logger, one way.
#include "common/ipc/wire.h"

namespace ekiden::ipc {

struct LogLine {
    static constexpr std::string_view name = "log_line";
    std::uint8_t level;  // syslog's severity: 3 error, 4 warning, 6 info, 7 debug
    std::int64_t when;   // UTC microseconds
    std::string event;   // its name in log/events.h
    std::string text;    // Postfix's line, without the prefix; printable ASCII or UTF-8, no line ends
    std::string json;    // the same with every field, as one JSON object without time and program
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("level", m.level), f("when", m.when), f("event", m.event), f("text", m.text), f("json", m.json);
    }
};

}  // namespace ekiden::ipc
