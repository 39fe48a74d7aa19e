// stop, abort, reload, flush and status: what is said to a running suite.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "admin/ekiden/commands.h"
#include "common/config/read_leniently.h"
#include "common/ipc/messages/control.h"
#include "common/ipc/messages/queue.h"
#include "common/net/listener.h"
#include "common/process/admin_client.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

constexpr int stop_patience_ms = 60'000;

struct Paths {
    std::string queue;   // queue_directory
    std::string master;  // the program
};

Result<Paths> paths_of(const std::string& directory) {
    // A configuration that was broken since must not keep anybody from stopping what runs: read it leniently.
    Result<Settings> settings = config::read_leniently(directory);
    if (!settings) return pass(settings);
    return Paths{(*settings)[param::queue_directory], (*settings)[param::daemon_directory] + "/master"};
}

// The pid file of a suite in a container holds a number that means another process here: the kernel, asked at
// master's socket, tells the one that is right here, or 0.
Result<pid_t> pid_here(const Paths& paths, pid_t written) {
    Result<OwnedFd> socket = net::connect_to_path(paths.queue + "/public/master");
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (socket && getsockopt(socket->get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
        if (credentials.pid > 0) return credentials.pid;
        return denied(
            "the mail system runs where its processes cannot be seen from here (a container): use "
            "this command there");
    }
    // It is beginning or ending. Others have a program of that name, too.
    std::error_code none;
    std::string program = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", written), none);
    if (program.ends_with(" (deleted)")) program.resize(program.size() - 10);  // a newer one was installed
    if (program == std::filesystem::weakly_canonical(paths.master, none)) return written;
    return temporary(fmt::format("process {} is no master of Ekiden", written));
}

// The pid of the master that holds the lock, or nothing.
Result<pid_t> running_master(const Paths& paths) {
    std::string path = paths.queue + "/pid/master.pid";
    OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || flock(file.get(), LOCK_SH | LOCK_NB) == 0)
        return not_found("the mail system is not running");
    char buffer[32]{};
    ssize_t octets = read(file.get(), buffer, sizeof buffer - 1);
    auto pid = text::parse_number(text::trim({buffer, octets > 0 ? static_cast<std::size_t>(octets) : 0}));
    if (!pid || *pid == 0) return temporary(path + " holds no process id");
    return pid_here(paths, static_cast<pid_t>(*pid));
}

int complain(const Error& error, int status) {
    fmt::print(stderr, "ekiden: fatal: {}\n", error.text);
    return status;
}

Result<std::unique_ptr<process::AdminClient>> master_of(const std::string& directory) {
    Result<Paths> paths = paths_of(directory);
    if (!paths) return pass(paths);
    Result<pid_t> pid = running_master(*paths);
    if (!pid) return pass(pid);
    return process::AdminClient::connect(paths->queue + "/public/master", ipc::Service::master);
}

int status_of(const Error& error) { return error.temporary() ? EX_TEMPFAIL : EX_UNAVAILABLE; }

std::string duration(std::int64_t seconds) {
    return fmt::format("{}d {:02}:{:02}:{:02}", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60,
                       seconds % 60);
}

}  // namespace

namespace {

// Sends the signal to master and waits until it is gone; its children go with it.
int end_by(int signal, const std::string& directory) {
    Result<Paths> paths = paths_of(directory);
    if (!paths) return complain(paths.error(), EX_CONFIG);
    Result<pid_t> pid = running_master(*paths);
    if (!pid) return complain(pid.error(), EX_UNAVAILABLE);
    // Of the handle it is known that its number was not given to another process before it was made.
    OwnedFd handle(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
    Result<pid_t> still = running_master(*paths);
    if (!still || *still != *pid)
        return complain({ErrorKind::temporary, "master ended or was replaced just now"}, EX_TEMPFAIL);
    if (!handle || syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) != 0)
        return complain({ErrorKind::denied, fmt::format("cannot stop process {}: {}", *pid, strerror(errno))},
                        EX_NOPERM);
    pollfd wait{handle.get(), POLLIN, 0};
    if (poll(&wait, 1, stop_patience_ms) == 1) return EX_OK;
    return complain({ErrorKind::temporary, fmt::format("master (process {}) has not ended after 60 s", *pid)},
                    EX_TEMPFAIL);
}

}  // namespace

int stop(const std::string& directory) { return end_by(SIGTERM, directory); }

int abort(const std::string& directory) { return end_by(SIGKILL, directory); }

int flush(const std::string& directory) {
    Result<Paths> paths = paths_of(directory);
    if (!paths) return complain(paths.error(), EX_CONFIG);
    auto manager = process::AdminClient::connect(paths->queue + "/public/queue", ipc::Service::manager);
    if (!manager && manager.error().temporary()) return complain(manager.error(), EX_TEMPFAIL);
    if (!manager)
        return complain({ErrorKind::temporary, "Cannot flush mail queue - mail system is down"},
                        EX_UNAVAILABLE);
    ipc::ChangeQueue order{ipc::QueueVerb::flush, "", "", true, 0, ""};
    Result<ipc::ChangedMessages> done = (*manager)->ask(order, std::chrono::seconds(60));
    return done ? EX_OK : complain(done.error(), EX_TEMPFAIL);
}

int reload(const std::string& directory) {
    Result<std::unique_ptr<process::AdminClient>> master = master_of(directory);
    if (!master) return complain(master.error(), status_of(master.error()));
    Result<ipc::Done> done = (*master)->ask(ipc::Reload{}, std::chrono::seconds(60));
    return done ? EX_OK : complain(done.error(), done.error().temporary() ? EX_TEMPFAIL : EX_CONFIG);
}

int status(const std::string& directory) {
    Result<std::unique_ptr<process::AdminClient>> master = master_of(directory);
    if (!master) return complain(master.error(), status_of(master.error()));
    Result<ipc::SuiteStatus> suite = (*master)->ask(ipc::QueryStatus{}, std::chrono::seconds(10));
    if (!suite) return complain(suite.error(), EX_TEMPFAIL);
    std::int64_t now = system_clock().wall_seconds();
    fmt::print("master pid {}, up {}, configuration generation {}\n", suite->master_pid,
               duration(now - suite->started), suite->generation);
    fmt::print("{:<14} {:<15} {:>7} {:<14} {:>12} {:>8}  {}\n", "service", "program", "pid", "user", "up",
               "restarts", "counters");
    for (const ipc::ProcessStatus& each : suite->processes) {
        std::string counters = each.ready ? "" : "(starting)";
        for (const ipc::NamedValue& counter : each.counters)
            counters += fmt::format("{}={} ", counter.key, counter.value);
        fmt::print("{:<14} {:<15} {:>7} {:<14} {:>12} {:>8}  {}\n", each.service, each.program, each.pid,
                   each.user.empty() ? "-" : each.user, duration(now - each.started), each.restarts,
                   counters);
    }
    return EX_OK;
}

}  // namespace ekiden::admin
