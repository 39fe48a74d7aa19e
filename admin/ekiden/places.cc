#include "admin/ekiden/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/owned_fd.h"
#include "common/config/bad_parameter.h"
#include "common/process/privileges.h"
#include "common/process/users.h"

namespace ekiden::admin {
namespace {

constexpr mode_t writable_by_others = 022;
constexpr mode_t setgid_program = 02755;

constexpr std::string_view commands[] = {"ekiden",   "ekiconf",  "ekimap", "ekiuser", "ekipop",
                                         "ekiqueue", "ekisuper", "ekicat", "sendmail"};

// Nothing for links, and for what is neither file nor directory.
std::optional<struct stat> look_at(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) return std::nullopt;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::nullopt;
    return status;
}

mode_t wanted_mode(const Place& place, mode_t now) {
    return place.mode.value_or(now & 07777 & ~writable_by_others);
}

}  // namespace

Result<std::vector<Place>> places_of(const Settings& settings) {
    std::vector<Place> places;
    if (geteuid() != 0) return places;
    Result<unsigned> group = process::find_group(settings[param::setgid_group]);
    if (!group) return config::bad_parameter(param::setgid_group.name, group.error());
    auto add = [&places](const std::string& path) {
        if (look_at(path)) places.push_back({path, 0, 0, "", std::nullopt});
    };
    const std::string& configuration = settings[param::config_directory];
    for (const char* name : {"", "/main.cf", "/master.cf"}) add(configuration + name);
    const std::string &daemons = settings[param::daemon_directory],
                      &tools = settings[param::command_directory];
    for (std::string_view name : {"master", "smtpd-stdio"}) add(daemons + "/" + std::string(name));
    for (const process::Row& row : process::rows()) add(daemons + "/" + std::string(row.program));
    for (std::string_view name : commands) add(tools + "/" + std::string(name));
    std::string drop = tools + "/ekidrop";
    if (look_at(drop)) places.push_back({drop, 0, *group, settings[param::setgid_group], setgid_program});
    return places;
}

std::vector<std::string> faults_of(const Place& place) {
    std::optional<struct stat> status = look_at(place.path);
    if (!status) return {};
    std::vector<std::string> faults;
    if (status->st_uid != place.uid) faults.push_back("not owned by root: " + place.path);
    if (status->st_mode & writable_by_others) faults.push_back("group or other writable: " + place.path);
    if (place.mode && status->st_gid != place.gid)
        faults.push_back("not owned by group " + place.group + ": " + place.path);
    if (place.mode && (status->st_mode & setgid_program & 02111) != (setgid_program & 02111))
        faults.push_back("not set-gid or not owner+group+world executable: " + place.path);
    return faults;
}

Result<> mend(const Place& place) {
    if (faults_of(place).empty()) return {};
    OwnedFd file(open(place.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!file || fstat(file.get(), &status) != 0) return system_error("cannot open " + place.path, errno);
    bool other = status.st_uid != place.uid || (place.mode && status.st_gid != place.gid);
    // A new owner takes the setgid bit away, so the mode comes behind.
    if (other && fchown(file.get(), place.uid, place.gid) != 0)
        return system_error("chown " + place.path, errno);
    if (fchmod(file.get(), wanted_mode(place, status.st_mode)) != 0)
        return system_error("chmod " + place.path, errno);
    return {};
}

}  // namespace ekiden::admin
