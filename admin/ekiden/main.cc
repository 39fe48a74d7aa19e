// ekiden: check, start, stop, reload, status and what else there is. The administrator's handle of the whole
// suite.
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "admin/ekiden/commands.h"

namespace {

constexpr const char* usage =
    "usage: ekiden [-c config_dir] [-Dv] command\n"
    "  check     read and check the configuration, change nothing\n"
    "  start     start the mail system in the background\n"
    "  start-fg  start it in the foreground, until SIGTERM\n"
    "  stop      end it, in order\n"
    "  reload    take the changed configuration, without losing a connection\n"
    "  status    list processes, uptime and connections\n"
    "  abort     end it at once, without order\n"
    "  flush     try all deferred mail now\n"
    "  logrotate set maillog_file aside and begin a new one\n"
    "  tls       keys, certificates and what belongs to them: ekiden tls tells more\n"
    "  upgrade-configuration  bring main.cf and master.cf of an older version into today's form\n"
    "  set-permissions [name=value ...]  mend owners and modes of the suite's files; change who owns them\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace ekiden::admin;
    const char* from_environment = std::getenv("MAIL_CONFIG");
    std::string directory = from_environment && *from_environment ? from_environment : "/etc/ekiden";
    for (int option; (option = getopt(argc, argv, "+c:Dv")) != -1;) {
        if (option == 'D' || option == 'v') continue;  // nothing is hidden that they could show
        if (option != 'c') {
            fmt::print(stderr, "{}", usage);
            return EX_USAGE;
        }
        directory = optarg;
    }
    // Paths that come into files and advice hold wherever they are read.
    directory = std::filesystem::absolute(directory).lexically_normal();
    static const std::map<std::string_view, int (*)(const std::string&)> commands = {
        {"check", check},
        {"start", start},
        {"start-fg", start_in_foreground},
        {"stop", stop},
        {"reload", reload},
        {"status", status},
        {"abort", abort},
        {"flush", flush},
        {"logrotate", logrotate},
        {"upgrade-configuration", upgrade_configuration}};
    if (optind < argc && argv[optind] == std::string_view("tls"))
        return tls(directory, {argv + optind + 1, argv + argc});
    if (optind < argc && argv[optind] == std::string_view("set-permissions"))
        return set_permissions(directory, {argv + optind + 1, argv + argc});
    auto found = optind + 1 == argc ? commands.find(argv[optind]) : commands.end();
    if (found == commands.end()) {
        fmt::print(stderr, "{}", usage);
        return EX_USAGE;
    }
    return found->second(directory);
}
