#pragma once
// ekiconf's command line, as postconf(1) has it: letters may be grouped (-hx), arguments are names or
// name=value.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::ekiconf {

enum class Mode { show, edit, remove, services, table_types };

struct Options {
    Mode mode = Mode::show;
    bool only_set = false;       // -n
    bool only_defaults = false;  // -d
    bool value_only = false;     // -h
    bool name_only = false;      // -H
    bool expand = false;         // -x
    bool fold = false;           // -f
    bool quiet = false;          // -q
    std::string directory;       // -c, else MAIL_CONFIG, else the catalogue's
    RawValues overrides;         // -o
    std::vector<std::string> names;
    std::vector<std::pair<std::string, std::string>> assignments;
};

// Malformed errors are what to tell the user.
Result<Options> parse_options(const std::vector<std::string>& arguments, const char* mail_config);

inline constexpr std::string_view usage =
    "usage: ekiconf [-c directory] [-dfhHnqx] [-o name=value] [name ...]\n"
    "       ekiconf [-c directory] -e name=value ...\n"
    "       ekiconf [-c directory] -X name ...\n"
    "       ekiconf [-c directory] -M [-f] [service[/type] ...]\n"
    "       ekiconf -m\n";

}  // namespace ekiden::ekiconf
