#include "local-delivery/account.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "common/config/name_service.h"
#include "common/text/ascii.h"

namespace ekiden::local_delivery {
namespace {

constexpr std::size_t entry_size = 16 * 1024;
constexpr std::size_t longest_name = 64;

}  // namespace

Result<> allow(const Account& account, const AccountRules& rules) {
    if (!rules.as_root) {
        if (account.uid == geteuid()) return {};
        return denied(fmt::format("this mail system runs as uid {} alone and cannot deliver as {} (uid {})",
                                  geteuid(), account.name, account.uid));
    }
    if (account.nobody_in_particular) {
        if (account.uid != 0 && account.gid != 0) return {};
        return denied("default_privs is " + account.name + ", who is root: name a user without rights");
    }
    if (account.uid == 0 || account.gid == 0)
        return denied(
            fmt::format("nothing is delivered with the rights of {0} (uid {1}, gid {2}): name "
                        "somebody for {0} in alias_maps",
                        account.name, account.uid, account.gid));
    if (account.uid < rules.minimum_uid)
        return denied(
            fmt::format("uid {1} of {0} is below local_minimum_uid ({2}): name somebody for {0} in "
                        "alias_maps, or lower it",
                        account.name, account.uid, rules.minimum_uid));
    return {};
}

Result<Account> find_account(const std::string& user, const AccountRules& rules) {
    const std::string& name = user.empty() ? rules.default_privs : user;
    if (name.empty() || name.size() > longest_name || name.find('\0') != std::string::npos)
        return not_found("unknown user: \"" + text::printable(name, longest_name) + "\"");
    std::array<char, entry_size> buffer;
    passwd entry{}, *found = nullptr;
    int error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        if (config::means_nobody(error))
            return not_found("unknown user: \"" + text::printable(name, longest_name) + "\"");
        return system_error("the password database", error);
    }
    Account account{found->pw_name, found->pw_uid,   found->pw_gid,
                    found->pw_dir,  found->pw_shell, user.empty()};
    Result<> allowed = allow(account, rules);
    if (!allowed) return pass(allowed);
    return account;
}

}  // namespace ekiden::local_delivery
