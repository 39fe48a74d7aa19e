#include "common/config/name_service.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/config/check.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr const char* nsswitch_file = "/etc/nsswitch.conf";
constexpr const char* password_file = "/etc/passwd";
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

bool host_has_server() {
    Result<std::string> nsswitch = read_file(nsswitch_file);
    return nsswitch && users_come_from_server(*nsswitch);
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
    if (!host_has_server()) return false;
    ::getpwnam(nobodys_name);
    return true;
}

// The C library returns 0 for "nobody". Anything else came from the last service that it asked: where that is
// a module whose socket is closed to us, or that is not installed, no user is missed by it; where users come
// from a server it may be away.
bool means_nobody(int error) {
    if (error == 0) return true;
    if (::access(password_file, R_OK) != 0) return false;
    if (host_has_server()) return error == EPERM;  // our own filter's answer
    return error == ENOENT || error == ESRCH || error == EBADF || error == EPERM || error == EACCES;
}

}  // namespace ekiden::config
