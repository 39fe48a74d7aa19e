// set-permissions: what the suite has on disk beside mail.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "admin/ekiden/commands.h"
#include "admin/ekiden/places.h"
#include "common/base/owned_fd.h"
#include "common/config/file_edit.h"
#include "common/config/main_cf.h"
#include "common/config/main_cf_edit.h"
#include "common/process/directories.h"
#include "common/process/privileges.h"
#include "common/process/users.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

int complain(const std::string& text, int status) {
    fmt::print(stderr, "ekiden: fatal: {}\n", text);
    return status;
}

struct Access {
    uid_t uid;
    gid_t gid;
    mode_t mode;
    bool operator==(const Access&) const = default;
};

// The directories that may be mended, and what stands directly in them.
std::map<std::string, Access> access_below(const std::vector<std::string>& directories) {
    std::map<std::string, Access> found;
    auto note = [&found](const std::string& path) {
        struct stat status{};
        if (lstat(path.c_str(), &status) == 0)
            found[path] = {status.st_uid, status.st_gid, status.st_mode & 07777};
    };
    for (const std::string& directory : directories) {
        note(directory);
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
            note(entry.path().string());
    }
    return found;
}

// Files in a directory of one program's own are that program's: nobody else may have made them. Without a
// mode they lose what group and others may write, and no more.
Result<> give_to_owner(const std::string& directory, std::optional<mode_t> mode) {
    OwnedFd at(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!at) return errno == ENOENT ? Result<>() : Result<>(system_error("cannot open " + directory, errno));
    struct stat owner{};
    if (fstat(at.get(), &owner) != 0) return system_error("cannot stat " + directory, errno);
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
        std::string name = entry.path().filename().string();
        OwnedFd file(openat(at.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        struct stat status{};
        if (!file || fstat(file.get(), &status) != 0 || (status.st_nlink != 1 && !S_ISDIR(status.st_mode)))
            continue;
        bool directory_entry = S_ISDIR(status.st_mode);
        if (!directory_entry && !S_ISREG(status.st_mode)) continue;
        bool other = status.st_uid != owner.st_uid || status.st_gid != owner.st_gid;
        if (other && geteuid() == 0 && fchown(file.get(), owner.st_uid, owner.st_gid) != 0)
            return system_error("chown " + entry.path().string(), errno);
        mode_t wanted = mode.value_or(status.st_mode & 07777 & ~mode_t{022});
        if (directory_entry && mode) wanted |= 0100;
        if ((status.st_mode & 07777) != wanted && fchmod(file.get(), wanted) != 0)
            return system_error("chmod " + entry.path().string(), errno);
    }
    if (failed) return temporary("cannot list " + directory + ": " + failed.message());
    return {};
}

// What users left belongs to them, and pickup takes it when it has the directory's group: after a change of
// setgid_group what had the old one gets the new.
Result<> pass_on_maildrop(const std::string& directory, gid_t before) {
    OwnedFd at(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat now{};
    if (!at || fstat(at.get(), &now) != 0) return system_error("cannot open " + directory, errno);
    if (geteuid() != 0 || now.st_gid == before) return {};
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
        std::string name = entry.path().filename().string();
        OwnedFd file(openat(at.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        struct stat status{};
        bool ours = file && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_nlink == 1 && status.st_gid == before;
        if (ours && fchown(file.get(), status.st_uid, now.st_gid) != 0)
            return system_error("chown " + entry.path().string(), errno);
    }
    if (failed) return temporary("cannot list " + directory + ": " + failed.message());
    return {};
}

Result<> mend_all(const Settings& settings) {
    const std::string &queue = settings[param::queue_directory], &data = settings[param::data_directory];
    std::string maildrop = queue + "/maildrop";
    struct stat before{};
    bool there = stat(maildrop.c_str(), &before) == 0;
    // A group or user that is not there is told before anything is changed.
    Result<std::vector<Place>> places = places_of(settings);
    if (!places) return pass(places);
    Result<> mended = process::prepare_directories(settings);
    if (mended && there) mended = pass_on_maildrop(maildrop, before.st_gid);
    for (const char* name : {"/queue", "/queue/content", "/corrupt"})
        if (mended) mended = give_to_owner(queue + name, 0600);
    if (mended) mended = give_to_owner(data, std::nullopt);
    for (const Place& place : *places)
        if (mended) mended = mend(place);
    return mended;
}

// The parameters that say who owns what, as words of the command line.
bool may_be_set(std::string_view name) {
    if (name == param::setgid_group.name) return true;
    const param::Info* info = param::find(name);
    return info && name.ends_with("_owner") && info->type == param::Type::text;
}

Result<std::map<std::string, std::string>> changes_in(const std::vector<std::string>& words) {
    std::map<std::string, std::string> changes;
    for (const std::string& word : words) {
        auto assignment = config::split_assignment(word);
        if (!assignment)
            return malformed(assignment.error().text + ": \"" + text::printable(word, 60) +
                             "\": write name=value");
        if (!may_be_set(assignment->first))
            return malformed(text::printable(assignment->first, 60) +
                             ": only setgid_group and parameters whose names end in _owner can be set here");
        changes[assignment->first] = assignment->second;
    }
    return changes;
}

// Those of main.cf with the changes.
Result<Settings> settings_with(const std::string& directory, const std::string& main_cf) {
    std::vector<config::Finding> findings;
    std::vector<Problem> problems;
    RawValues values = config::MainCf::parse(main_cf, directory + "/main.cf", findings).values();
    Settings settings = Settings::lenient(std::move(values), {{"config_directory", directory}}, problems);
    if (geteuid() == 0)
        for (const process::Row& row : process::rows())
            if (row.owner)
                if (auto owner = process::owner_of(*row.owner, settings); !owner) return pass(owner);
    return settings;
}

void tell_changes(const std::map<std::string, Access>& before, const std::map<std::string, Access>& after) {
    for (const auto& [path, now] : after) {
        auto was = before.find(path);
        if (was == before.end())
            fmt::print(stderr, "ekiden: {}: made\n", path);
        else if (was->second != now)
            fmt::print(stderr, "ekiden: {}: owner {}:{} mode {:04o} is now {}:{} {:04o}\n", path,
                       was->second.uid, was->second.gid, was->second.mode, now.uid, now.gid, now.mode);
    }
}

}  // namespace

int set_permissions(const std::string& directory, const std::vector<std::string>& words) {
    auto changes = changes_in(words);
    if (!changes) return complain(changes.error().text, EX_USAGE);
    Result<config::FileEdit> file = config::FileEdit::open(directory + "/main.cf");
    if (!file) return complain(file.error().text, EX_CONFIG);
    std::string content = file->content();
    if (!changes->empty()) content = edit_main_cf(content, config::EditKind::set, *changes).content;
    Result<Settings> settings = settings_with(directory, content);
    if (!settings) return complain(settings.error().text, EX_CONFIG);
    const std::string& queue = (*settings)[param::queue_directory];
    std::vector<std::string> watched{queue,
                                     queue + "/queue",
                                     queue + "/queue/content",
                                     queue + "/corrupt",
                                     queue + "/maildrop",
                                     (*settings)[param::data_directory],
                                     (*settings)[param::virtual_mailbox_base],
                                     (*settings)[param::empty_directory],
                                     (*settings)[param::config_directory],
                                     (*settings)[param::daemon_directory],
                                     (*settings)[param::command_directory]};
    std::map<std::string, Access> before = access_below(watched);
    Result<> mended = mend_all(*settings);
    // The old owners stay written down until the new ones own what they shall.
    if (mended && content != file->content()) mended = file->replace(content);
    tell_changes(before, access_below(watched));
    return mended ? EX_OK : complain(mended.error().text, EX_NOPERM);
}

}  // namespace ekiden::admin
