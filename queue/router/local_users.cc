// What the C library asks behind the password database (SSSD, LDAP) may make it wait; name_service.h says
// what is reachable.
#include "queue/router/local_users.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/config/name_service.h"
#include "common/config/table_reference.h"
#include "common/text/ascii.h"

namespace ekiden::router {
namespace {

constexpr std::size_t entry_size = 16 * 1024;
constexpr std::size_t longest_name = 64;

// What is said where the password database gave nobody.
template <class Name>
Result<Name> nobody(int error) {
    if (config::means_nobody(error)) return Name();
    return system_error("the password database", error);
}

}  // namespace

Result<std::optional<std::string>> system_user(const std::string& name) {
    if (name.empty() || name.size() > longest_name || name.find('\0') != std::string::npos)
        return std::nullopt;
    std::array<char, entry_size> buffer;
    passwd entry{}, *found = nullptr;
    int error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return std::string(found->pw_name);
    return nobody<std::optional<std::string>>(error);
}

Result<std::string> name_of_user(std::uint32_t uid) {
    std::array<char, entry_size> buffer;
    passwd entry{}, *found = nullptr;
    int error = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return std::string(found->pw_name);
    return nobody<std::string>(error);
}

Result<std::string> owner_of_table(const std::string& table) {
    Result<std::vector<config::TableReference>> leaves = config::leaf_tables(table);
    // Of a table of several nobody in particular is the owner.
    if (!leaves || leaves->size() != 1 || !leaves->front().name.starts_with('/')) return "";
    const config::TableType* type = config::find_table_type(leaves->front().type);
    std::string path = leaves->front().name + std::string(type->suffix);
    struct stat status{};
    bool here = ::stat(path.c_str(), &status) == 0;
    // What master read for us may stand where we cannot look.
    if (!here && type->in_snapshot()) return "";
    if (!here) return system_error(table + ": cannot learn whose it is: " + path, errno);
    if (status.st_uid == 0) return "";
    Result<std::string> owner = name_of_user(status.st_uid);
    if (owner && owner->empty())
        return temporary(table + ": cannot find its owner: no user of this host has uid " +
                         std::to_string(status.st_uid));
    return owner;
}

}  // namespace ekiden::router
