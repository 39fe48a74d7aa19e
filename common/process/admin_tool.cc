#include "common/process/admin_tool.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>

#include "common/config/read_leniently.h"

namespace ekiden::process {

Result<ToolCall> tool_call(const std::vector<std::string>& arguments, const char* mail_config) {
    std::string directory(param::config_directory.default_text);
    if (mail_config != nullptr && *mail_config != '\0') directory = mail_config;
    ToolCall call;
    std::size_t next = 0;
    for (; next < arguments.size() && arguments[next].starts_with("-c"); ++next) {
        if (arguments[next].size() > 2)
            directory = arguments[next].substr(2);
        else if (next + 1 < arguments.size())
            directory = arguments[++next];
        else
            return malformed("-c needs a directory");
    }
    call.words.assign(arguments.begin() + static_cast<std::ptrdiff_t>(next), arguments.end());
    Result<Settings> settings = config::read_leniently(directory);
    if (!settings) return pass(settings);
    call.settings = std::move(*settings);
    return call;
}

bool is_superuser(const Settings& settings) {
    struct stat status{};
    return geteuid() == 0 ||
           (stat(settings[param::queue_directory].c_str(), &status) == 0 && status.st_uid == geteuid());
}

int print_answer(std::string_view program, int status, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        if (status == EX_OK)
            fmt::print("{}\n", line);
        else if (status == EX_USAGE)
            fmt::print(stderr, "{}\n", line);
        else
            fmt::print(stderr, "{}: {}\n", program, line);
    }
    if (std::fflush(stdout) != 0) return EX_IOERR;
    return status;
}

}  // namespace ekiden::process
