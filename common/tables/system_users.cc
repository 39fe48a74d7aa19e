#include "common/tables/system_users.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>

#include "common/config/name_service.h"

namespace ekiden::tables {
namespace {

constexpr std::size_t first_buffer = 4096;
constexpr std::size_t largest_buffer = 1 << 20;

// Asks with larger buffers until the entry fits. `ask` is getpwnam_r or getgrnam_r.
template <class Entry, class Ask>
Found look_up(const std::string& table, const std::string& key, Ask&& ask,
              std::string (*line)(const Entry&)) {
    for (std::size_t size = first_buffer; size <= largest_buffer; size *= 2) {
        std::vector<char> buffer(size);
        Entry entry{};
        Entry* found = nullptr;
        int error = ask(key.c_str(), &entry, buffer.data(), size, &found);
        if (error == ERANGE) continue;
        if (found) return line(entry);
        if (config::means_nobody(error)) return std::nullopt;
        return system_error(table + ": cannot look up \"" + key + "\"", error);
    }
    return temporary(table + ": the entry of \"" + key + "\" is too long");
}

std::string text(const char* string) { return string ? string : ""; }

std::string user_line(const passwd& user) {
    return text(user.pw_name) + ":" + text(user.pw_passwd) + ":" + std::to_string(user.pw_uid) + ":" +
           std::to_string(user.pw_gid) + ":" + text(user.pw_gecos) + ":" + text(user.pw_dir) + ":" +
           text(user.pw_shell);
}

std::string group_line(const group& group) {
    std::string members;
    for (char** member = group.gr_mem; member && *member; ++member)
        members += (members.empty() ? "" : ",") + text(*member);
    return text(group.gr_name) + ":" + text(group.gr_passwd) + ":" + std::to_string(group.gr_gid) + ":" +
           members;
}

}  // namespace

Result<std::unique_ptr<Table>> SystemUsersTable::make(std::string name, std::string_view which) {
    if (which != "passwd.byname" && which != "group.byname")
        return malformed("unknown table: unix:" + std::string(which) +
                         " (there are unix:passwd.byname and unix:group.byname)");
    return std::make_unique<SystemUsersTable>(Key(), std::move(name), which == "group.byname");
}

Found SystemUsersTable::find_now(std::string_view key) {
    // A name in a line of passwd(5) has neither.
    if (key.empty() || key.find_first_of(std::string_view(":\n\0", 3)) != std::string_view::npos)
        return std::nullopt;
    return groups_ ? find_group(std::string(key)) : find_user(std::string(key));
}

Found SystemUsersTable::find_user(const std::string& key) const {
    return look_up<passwd>(name(), key, ::getpwnam_r, user_line);
}

Found SystemUsersTable::find_group(const std::string& key) const {
    return look_up<group>(name(), key, ::getgrnam_r, group_line);
}

}  // namespace ekiden::tables
