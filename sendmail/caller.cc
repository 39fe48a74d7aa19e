#include "sendmail/caller.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "common/text/ascii.h"

namespace ekiden::sendmail {

std::optional<std::string> login_name() {
    const passwd* entry = getpwuid(getuid());
    if (!entry || *entry->pw_name == '\0') return std::nullopt;
    return entry->pw_name;
}

std::string full_name() {
    if (const char* name = std::getenv("NAME")) return name;
    const passwd* entry = getpwuid(getuid());
    if (!entry) return "";
    std::string name;
    for (const char* c = entry->pw_gecos; *c != '\0' && *c != ',' && *c != ';' && *c != '%'; ++c) {
        if (*c != '&') {
            name += *c;
            continue;
        }
        std::string login = entry->pw_name;
        if (!login.empty()) login[0] = text::upper(login[0]);
        name += login;
    }
    return name;
}

}  // namespace ekiden::sendmail
