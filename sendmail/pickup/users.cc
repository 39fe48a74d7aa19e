#include "sendmail/pickup/users.h"

#include <fmt/format.h>
#include <unistd.h>

#include "common/maildrop/user_list.h"

namespace ekiden::pickup {
namespace {

const Param<List>& list_of(Wish wish) {
    return wish == Wish::view ? param::authorized_mailq_users : param::authorized_flush_users;
}

}  // namespace

bool may_whatever_the_name(Wish wish, std::uint32_t uid, const Settings& settings) {
    return uid == 0 || uid == geteuid() || maildrop::lists_everybody(settings[list_of(wish)]);
}

Result<> check_user(Wish wish, std::uint32_t uid, const std::string& name, const Settings& settings,
                    const std::map<std::string, std::string, std::less<>>& files) {
    auto read = [&files](const std::string& path) -> Result<std::string> {
        auto found = files.find(path);
        if (found == files.end()) return not_found("open file " + path + ": it came after the last reload");
        return found->second;
    };
    std::string who = name.empty() ? "unknown" : name;
    const Param<List>& parameter = list_of(wish);
    Result<bool> listed = maildrop::user_is_listed(parameter.name, settings[parameter], who, read);
    if (!listed) return pass(listed);
    if (*listed) return {};
    return denied(fmt::format("User {}({}) is not allowed to {} the mail queue", who, uid,
                              wish == Wish::view ? "view" : "flush"));
}

}  // namespace ekiden::pickup
