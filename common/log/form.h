#pragma once
// How a line of the log looks: "Nov 21 16:00:00 host ekiden/smtpd[123]: text", or one JSON object. For who
// writes into the file or to syslog: the logger, and tools while no logger runs.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/log/logger.h"

namespace ekiden::log {

struct Written {
    Level level;
    std::int64_t when;  // UTC microseconds
    std::string_view text;
    std::string_view json;  // of Line
    std::string_view program;
    std::int32_t pid;
};

struct Form {
    std::string host;
    bool json = false;
    // With its line end. A text of more lines than one is made one.
    std::string print(const Written& line) const;
};

// The same for syslog's socket, without a line end; `facility` as syslog.h has it.
std::string print_for_syslog(const Written& line, int facility);

}  // namespace ekiden::log
