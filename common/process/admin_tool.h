#pragma once
// What the administrator's tools that speak to a running service have in common: `-c config_directory` (else
// the environment's MAIL_CONFIG, else /etc/ekiden), main.cf, and the printing of an answer.
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::process {

struct ToolCall {
    Settings settings;  // of main.cf; what is wrong in it for others does not keep a tool from working
    std::vector<std::string> words;  // the command line behind the program and -c
};

// Malformed: -c without a directory. Otherwise: main.cf cannot be read.
Result<ToolCall> tool_call(const std::vector<std::string>& arguments, const char* mail_config);

// Does root ask, or whose suite it is? The others may do what users may.
bool is_superuser(const Settings& settings);

// Prints the lines, on standard output when the status is 0, else on standard error behind the program's name
// (the lines of a usage message, status 64, as they are). Gives the status, or 74 when they could not be
// written.
int print_answer(std::string_view program, int status, const std::vector<std::string>& lines);

}  // namespace ekiden::process
