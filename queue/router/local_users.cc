// What the C library asks behind the password database (SSSD, LDAP) may make it wait; name_service.h says
// what is reachable.
#include "queue/router/local_users.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/text/ascii.h"

namespace ekiden::router {
namespace {

constexpr std::size_t entry_size = 16 * 1024;
constexpr std::size_t longest_name = 64;
constexpr const char* password_file = "/etc/passwd";

// What is said where the password database gave nobody.
template <class Name>
Result<Name> nobody(int error) {
    // These are the C library's ways to say that there is no such user; but where it asks others behind the
    // file, they also say that it could not ask. So the file is at least to be readable.
    bool none = error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM ||
                error == EACCES;
    if (error != 0 && ::access(password_file, R_OK) != 0) return system_error(password_file, errno);
    if (none) return Name();
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

std::string owner_of_table(const std::string& table) {
    std::size_t colon = table.find(":/");
    if (colon == std::string::npos) return "";
    std::string path = table.substr(colon + 1);
    struct stat status{};
    if (::stat((path + ".db").c_str(), &status) != 0 && ::stat(path.c_str(), &status) != 0) return "";
    if (status.st_uid == 0) return "";
    std::array<char, entry_size> buffer;
    passwd entry{}, *found = nullptr;
    getpwuid_r(status.st_uid, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? "" : found->pw_name;
}

}  // namespace ekiden::router
