// master: starts and watches everything else. Run by `ekiden start`; ends with SIGTERM, reloads with SIGHUP.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "common/log/events.h"
#include "common/suite/check.h"
#include "common/text/ascii.h"
#include "master/supervisor.h"

namespace {

using namespace ekiden;

int fail(const master::Options& options, const std::string& text) {
    fmt::print(stderr, "ekiden/master: fatal: {}\n", text);
    if (options.ready_fd >= 0) {
        std::string line = text + '\n';
        ssize_t ignored = write(options.ready_fd, line.data(), line.size());
        (void)ignored;
    }
    return 78;  // EX_CONFIG
}

// One master a queue_directory: its pid file is locked for as long as it lives.
Result<OwnedFd> take_pid_file(const std::string& queue_directory) {
    std::string path = queue_directory + "/pid/master.pid";
    std::error_code ignored;
    std::filesystem::create_directories(queue_directory + "/pid", ignored);
    OwnedFd file(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return system_error(path, errno, ErrorKind::permanent);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return denied("the mail system is already running (" + path + " is locked)");
    std::string pid = fmt::format("{:>10}\n", getpid());
    if (ftruncate(file.get(), 0) != 0 || write(file.get(), pid.data(), pid.size()) != std::ssize(pid))
        return system_error("write " + path, errno);
    return file;
}

void raise_descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    master::Options options;
    for (int option; (option = getopt(argc, argv, "c:r:")) != -1;) {
        if (option == 'c') options.config_directory = optarg;
        if (option == 'r') options.ready_fd = static_cast<int>(text::parse_number(optarg).value_or(0));
        if (option == '?') return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    config::Checked checked = suite::check(options.config_directory);
    std::string errors;
    for (const config::Finding& finding : checked.findings) {
        fmt::print(stderr, "{}\n", config::format(finding));
        if (finding.severity == config::Severity::error) errors += config::format(finding) + '\n';
    }
    if (!checked.snapshot) return fail(options, errors);
    std::string queue_directory = checked.snapshot->settings().value()[param::queue_directory];
    Result<OwnedFd> pid_file = take_pid_file(queue_directory);
    if (!pid_file) return fail(options, pid_file.error().text);
    raise_descriptor_limit();

    ekiden::event::Loop loop;
    master::Supervisor supervisor(loop, options);
    ekiden::event::UnixSignal child(loop, SIGCHLD, [&] { supervisor.reap(); });
    ekiden::event::UnixSignal hangup(loop, SIGHUP, [&] { (void)supervisor.begin_reload(); });
    ekiden::event::UnixSignal terminate(loop, SIGTERM, [&] { supervisor.terminate(SIGTERM); });
    ekiden::event::UnixSignal interrupt(loop, SIGINT, [&] { supervisor.terminate(SIGINT); });
    // `ekiden start-fg` holds them back: the kernel gives the first process of a container no signal that it
    // has no handler for.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, nullptr);
    Result<> started = supervisor.start(std::move(*checked.snapshot));
    if (!started) return fail(options, started.error().text);
    loop.run();
    return 0;
}
