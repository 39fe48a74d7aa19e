#include "master/session_starter/mailbox_place.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>

#include "common/text/ascii.h"

namespace ekiden::session_starter {
namespace {

constexpr std::size_t longest_name = 64;

bool stays_below(std::string_view path) {
    if (path.empty() || path.starts_with('/')) return false;
    for (const std::string_view part : text::split(path, "/"))
        if (part == "..") return false;
    return true;
}

std::optional<std::uint32_t> group_of_spool(const std::string& directory) {
    struct stat status{};
    if (::stat(directory.c_str(), &status) != 0) return std::nullopt;
    bool by_group = (status.st_mode & S_IWGRP) != 0 && (status.st_mode & S_IWOTH) == 0;
    if (!by_group || status.st_gid == 0) return std::nullopt;
    return status.st_gid;
}

}  // namespace

Result<Place> place_of(const std::string& user, const Settings& settings) {
    if (user.empty() || user.size() > longest_name || !stays_below(user) || user.contains('/'))
        return denied("no name of a user");
    std::array<char, 16 * 1024> buffer;
    passwd entry{}, *found = nullptr;
    int error = getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr && error != 0) return system_error("the password database", error);
    if (found == nullptr) return not_found("there is no user " + user);
    std::int64_t least = settings[param::local_minimum_uid];
    if (entry.pw_uid == 0 || entry.pw_gid == 0 || entry.pw_uid < least)
        return denied(
            fmt::format("user {} has uid {}, below local_minimum_uid {}", user, entry.pw_uid, least));
    Place place{entry.pw_uid, entry.pw_gid, entry.pw_dir, settings[param::home_mailbox], std::nullopt};
    if (place.mailbox.empty()) {
        place.base = settings[param::mail_spool_directory];
        place.mailbox = place.base.ends_with('/') ? user + "/" : user;
        place.spool_group = group_of_spool(place.base);
    }
    if (!stays_below(place.mailbox))
        return permanent("home_mailbox = " + place.mailbox + " leads out of the home directory");
    if (!place.base.starts_with('/')) return permanent("no absolute path: " + place.base);
    return place;
}

}  // namespace ekiden::session_starter
