// check, start and start-fg. The starter waits until every process is confined and serving, or tells why not.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "admin/ekiden/commands.h"
#include "admin/ekiden/places.h"
#include "common/log/log_file.h"
#include "common/process/users.h"
#include "common/suite/check.h"
#include "common/suite/root_check.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

constexpr int start_patience_ms = 60'000;

// Whether somebody gets the mail of root stands also in a database that authd writes. Root does not parse it:
// a process of authd's user does, for so long, and what it says is text.
void warn_of_the_mail_of_root(const config::Snapshot& snapshot, const Settings& settings) {
    constexpr unsigned seconds = 5;
    constexpr std::size_t longest = 4096;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    OwnedFd in(ends[0]), out(ends[1]);
    pid_t child = fork();
    if (child == 0) {
        alarm(seconds);
        const std::string& data = settings[param::data_directory];
        bool there = access(data.c_str(), F_OK) == 0;  // not before the first start
        if (there && !process::become_owner_of(std::string(param::data_directory.name), data)) _exit(1);
        std::string text;
        for (const config::Finding& finding : suite::check_mail_of_root(snapshot))
            text += config::format(finding) + "\n";
        _exit(write(out.get(), text.data(), text.size()) < 0);
    }
    out.reset();
    if (child < 0) return;
    std::string text;
    char buffer[1024];
    for (ssize_t n; text.size() < longest && (n = read(in.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    in.reset();
    waitpid(child, nullptr, 0);
    for (const std::string& line : text::split(text, "\n"))
        fmt::print(stderr, "ekiden: warning: {}\n", text::printable(line, 500));
}

// Prints what was found; the settings when there is no error.
Result<Settings> checked(const std::string& directory) {
    config::Checked result = suite::check(directory);
    for (const config::Finding& finding : result.findings)
        fmt::print(stderr, "ekiden: {}: {}\n",
                   finding.severity == config::Severity::error ? "error" : "warning",
                   config::format(finding));
    if (!result.snapshot) return malformed("the configuration has errors");
    Result<Settings> settings = result.snapshot->settings();
    // An ordinary user's suite has no mail for root.
    if (settings && geteuid() == 0) warn_of_the_mail_of_root(*result.snapshot, *settings);
    return settings;
}

std::string master_program(const Settings& settings) { return settings[param::daemon_directory] + "/master"; }

// What master says over the pipe, until its first line is whole or time is up.
std::string hear(int fd) {
    std::string text;
    pollfd wait{fd, POLLIN, 0};
    while (text.find('\n') == std::string::npos && poll(&wait, 1, start_patience_ms) > 0) {
        char buffer[1024];
        ssize_t octets = read(fd, buffer, sizeof buffer);
        if (octets <= 0) break;
        text.append(buffer, static_cast<std::size_t>(octets));
    }
    return text;
}

}  // namespace

int check(const std::string& directory) {
    Result<Settings> settings = checked(directory);
    if (!settings) return EX_CONFIG;
    Result<std::vector<Place>> places = places_of(*settings);
    if (!places) fmt::print(stderr, "ekiden: warning: {}\n", places.error().text);
    for (const Place& place : places ? *places : std::vector<Place>()) {
        // A setgid program obeys the usual configuration only, and has no use for its group with another.
        if (place.mode && directory != param::config_directory.default_text) continue;
        for (const std::string& fault : faults_of(place)) fmt::print(stderr, "ekiden: warning: {}\n", fault);
    }
    return EX_OK;
}

int start_in_foreground(const std::string& directory) {
    // As the first process of a container it would not see what comes before master has its handlers.
    sigset_t later;
    sigemptyset(&later);
    for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&later, number);
    sigprocmask(SIG_BLOCK, &later, nullptr);
    Result<Settings> settings = checked(directory);
    if (!settings) return EX_CONFIG;
    std::string program = master_program(*settings);
    execl(program.c_str(), "master", "-c", directory.c_str(), nullptr);
    fmt::print(stderr, "ekiden: fatal: {}: {}\n", program, strerror(errno));
    return EX_OSFILE;
}

int start(const std::string& directory) {
    Result<Settings> settings = checked(directory);
    if (!settings) return EX_CONFIG;
    if ((*settings)[param::maillog_file] == log::standard_output) {
        fmt::print(stderr, "ekiden: fatal: maillog_file = {} is for ekiden start-fg\n", log::standard_output);
        return EX_CONFIG;
    }
    std::string program = master_program(*settings);
    int ends[2];
    if (pipe(ends) != 0) return EX_OSERR;
    OwnedFd ours(ends[0]), theirs(ends[1]);
    pid_t pid = fork();
    if (pid < 0) return EX_OSERR;
    if (pid == 0) {
        setsid();
        int null = open("/dev/null", O_RDWR);
        for (int fd : {0, 1, 2}) dup2(null, fd);
        ours.reset();
        std::string ready = std::to_string(theirs.get());
        execl(program.c_str(), "master", "-c", directory.c_str(), "-r", ready.c_str(), nullptr);
        std::string failed = fmt::format("{}: {}\n", program, strerror(errno));
        ssize_t ignored = write(theirs.get(), failed.data(), failed.size());
        (void)ignored;
        _exit(EX_OSFILE);
    }
    theirs.reset();
    std::string answer = hear(ours.get());
    if (answer == "ready\n") return EX_OK;
    fmt::print(stderr, "ekiden: fatal: {}\n",
               answer.empty() ? "master ended, or is not ready after 60 s: see the log" : answer);
    return EX_TEMPFAIL;
}

}  // namespace ekiden::admin
