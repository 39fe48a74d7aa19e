#include "sendmail/ekidrop/caller.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "common/config/check.h"
#include "common/config/read_leniently.h"
#include "common/maildrop/user_list.h"

namespace ekiden::drop {
namespace {

constexpr const char* config_variable = "MAIL_CONFIG";

Result<Settings> read_settings(const std::string& directory) {
    Result<Settings> settings = config::read_leniently(directory);
    if (!settings) return not_found(settings.error().text);
    return settings;
}

// Does the kernel say that this process has rights which its caller has not?
bool has_rights_of_its_own() {
    return getauxval(AT_SECURE) != 0 || getegid() != getgid() || geteuid() != getuid();
}

}  // namespace

Result<> clean_up_process() {
    for (int fd = 0; fd < 3; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return system_error("/dev/null", errno);
    if (close_range(3, ~0u, 0) != 0) return system_error("close_range", errno);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // A full disk or a limit of the caller's is an error of write(), a reader that is gone is no matter.
    for (int number : {SIGPIPE, SIGXFSZ}) signal(number, SIG_IGN);
    for (int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM}) signal(number, SIG_DFL);
    umask(077);
    const char* named = std::getenv(config_variable);
    std::string directory = named ? named : "";
    clearenv();
    if (!directory.empty()) setenv(config_variable, directory.c_str(), 1);
    return {};
}

Result<Settings> settings_for_caller() {
    const std::string usual(param::config_directory.default_text);
    const char* named = std::getenv(config_variable);
    std::string directory = named ? named : usual;
    if (directory == usual || getuid() == 0 || !has_rights_of_its_own()) return read_settings(directory);
    Result<Settings> main = read_settings(usual);
    if (!main) return main;
    const List& listed = (*main)[param::alternate_config_directories];
    if (std::ranges::find(listed, directory) == listed.end())
        return denied(
            fmt::format("untrusted configuration directory name: {}: specify \"{} = {}\" in {}/main.cf",
                        directory, param::alternate_config_directories.name, directory, usual));
    return read_settings(directory);
}

Result<> check_caller(const Settings& settings) {
    const passwd* entry = getpwuid(getuid());
    std::string user = entry ? entry->pw_name : "unknown";
    Result<bool> may =
        maildrop::user_is_listed(param::authorized_submit_users.name,
                                 settings[param::authorized_submit_users], user, config::read_file);
    if (!may) return pass(may);
    if (!*may) return denied(fmt::format("User {}({}) is not allowed to submit mail", user, getuid()));
    return {};
}

}  // namespace ekiden::drop
