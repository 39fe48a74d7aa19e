#include "common/process/name_service.h"

#include <pwd.h>

#include <algorithm>
#include <array>

#include "common/config/check.h"
#include "common/text/ascii.h"

namespace ekiden::process {
namespace {

constexpr const char* nsswitch_file = "/etc/nsswitch.conf";
constexpr const char* nobodys_name = "ekiden-asks-whether-users-can-be-asked-for";
constexpr std::array<std::string_view, 6> without_server = {"files",      "compat",   "db",
                                                            "extrausers", "altfiles", "systemd"};

// "passwd: files [NOTFOUND=continue] sss": what stands in brackets is no service.
bool names_server(std::string_view services) {
    bool in_brackets = false;
    for (const std::string& word : text::split(services, " \t")) {
        const bool action = in_brackets || word.starts_with('[');
        in_brackets = action && !word.ends_with(']');
        if (!action && std::ranges::find(without_server, word) == without_server.end()) return true;
    }
    return false;
}

}  // namespace

bool users_come_from_server(std::string_view nsswitch) {
    for (std::string line : text::split(nsswitch, "\n")) {
        line.erase(std::min(line.find('#'), line.size()));
        std::string_view rest = text::trim(line);
        if (!rest.starts_with("passwd")) continue;
        rest = text::trim(rest.substr(6));
        if (rest.starts_with(':')) return names_server(rest.substr(1));
    }
    return false;
}

bool prepare_to_ask_for_users() {
    Result<std::string> nsswitch = config::read_file(nsswitch_file);
    if (!nsswitch || !users_come_from_server(*nsswitch)) return false;
    ::getpwnam(nobodys_name);
    return true;
}

}  // namespace ekiden::process
