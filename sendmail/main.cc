// sendmail, mailq, newaliases: the command line that every program on a Unix host knows for mail. It has no
// rights of its own: mail goes through ekidrop, the queue's commands through ekiqueue.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/config/read_leniently.h"
#include "common/text/ascii.h"
#include "sendmail/complain.h"
#include "sendmail/deliver.h"
#include "sendmail/helper.h"

namespace {

using namespace ekiden;
using sendmail::Fatal;
using sendmail::Mode;
using sendmail::Options;

// What a careless caller left behind: closed standard descriptors, open others, a strange umask.
void clean_up_process() {
    umask(022);
    for (int fd = 0; fd < 3; ++fd)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) std::exit(sendmail::fatal_status);
    close_range(3, ~0u, 0);
    std::signal(SIGPIPE, SIG_IGN);
}

Settings read_settings(const std::vector<std::string>& arguments) {
    std::string directory(param::config_directory.default_text);
    if (const char* named = std::getenv("MAIL_CONFIG")) directory = named;
    if (std::optional<std::string> chosen = sendmail::config_directory_in(arguments)) {
        directory = *chosen;
        setenv("MAIL_CONFIG", directory.c_str(), 1);  // for the programs that this one runs
    }
    Result<Settings> settings = config::read_leniently(directory);
    if (!settings) throw Fatal{settings.error().text};
    return *settings;
}

[[noreturn]] void run_queue_command(const Settings& settings, const Options& options,
                                    std::vector<std::string> words) {
    words.insert(words.begin(), "ekiqueue");
    for (int i = 0; i < options.verbose; ++i) words.push_back("-v");
    sendmail::become(settings[param::command_directory], words);
}

void make_aliases(const Settings& settings, const Options& options) {
    std::vector<std::string> words =
        text::split(options.alias_database.value_or(settings[param::alias_database]), ", \t\r\n");
    if (words.empty()) return;
    words.insert(words.begin(), {"ekialias", "--"});
    sendmail::become(settings[param::command_directory], words);
}

// The suite goes on without us.
void start_suite(const Settings& settings) {
    pid_t child = fork();
    if (child < 0) throw Fatal{"fork failed"};
    if (child > 0) return;
    setsid();
    sendmail::become(settings[param::command_directory], {"ekiden", "start"});
}

void obey(const Settings& settings, const Options& options) {
    if (options.queue_interval && options.mode != Mode::daemon) return;
    switch (options.mode) {
        case Mode::deliver:
            if (options.site_to_flush) run_queue_command(settings, options, {"-s", *options.site_to_flush});
            if (options.id_to_flush) run_queue_command(settings, options, {"-i", *options.id_to_flush});
            sendmail::deliver(options, settings);
            break;
        case Mode::mailq: run_queue_command(settings, options, {"-p"});
        case Mode::flush: run_queue_command(settings, options, {"-f"});
        case Mode::newaliases: make_aliases(settings, options); break;
        case Mode::daemon: start_suite(settings); break;
        case Mode::smtp: sendmail::become(settings[param::daemon_directory], {"smtpd-stdio"});
        case Mode::ignore: break;
    }
}

}  // namespace

int main(int argc, char** argv) {
    clean_up_process();
    std::string name = argc > 0 ? argv[0] : "sendmail";
    if (std::size_t slash = name.rfind('/'); slash != std::string::npos && slash + 1 < name.size())
        name.erase(0, slash + 1);
    sendmail::set_name(name);
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    try {
        Settings settings = read_settings(arguments);
        sendmail::set_log(settings[param::syslog_name], settings[param::syslog_facility]);
        Options options = sendmail::parse(name, arguments);
        sendmail::check(options);
        obey(settings, options);
    } catch (const Fatal& fatal) {
        sendmail::complain(fatal.text);
        return sendmail::fatal_status;
    }
    return std::fflush(stdout) == 0 ? 0 : sendmail::fatal_status;
}
