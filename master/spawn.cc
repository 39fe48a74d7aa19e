// Starting, and noticing the end of, processes. fork and exec: a child shares nothing with master but its
// channel.
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "common/log/events.h"
#include "common/log/log_file.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

constexpr std::int64_t at_once_ms =
    1000;  // a life shorter than this means that the next one will be no longer

std::int64_t steady_ms() { return system_clock().steady_us() / 1000; }

[[noreturn]] void become_program(const std::string& path, const std::string& name, int control,
                                 bool keeps_output) {
    // Only calls that are safe between fork and exec.
    dup2(control, 3);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    if (!keeps_output) dup2(null, 1);
    close_range(4, ~0u, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::vector<char*> arguments{const_cast<char*>(name.c_str()), nullptr};
    execv(path.c_str(), arguments.data());
    _exit(127);
}

}  // namespace

// False when nothing was started; the next attempt is planned then.
bool Supervisor::spawn(Service& service) {
    if (stopping_) return false;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        log::emit(events::start_failed, service.entry.name, strerror(errno));
        restart_later(service, true);
        return false;
    }
    OwnedFd ours(ends[0]), theirs(ends[1]);
    std::string name(service.row->program);
    std::string path = service.settings[param::daemon_directory] + "/" + name;
    bool keeps_output = service.row->service == ipc::Service::logger &&
                        service.settings[param::maillog_file] == log::standard_output;
    pid_t pid = fork();
    if (pid == 0) become_program(path, name, theirs.get(), keeps_output);
    if (pid < 0) {
        log::emit(events::start_failed, service.entry.name, strerror(errno));
        restart_later(service, true);
        return false;
    }
    std::uint32_t worker = 0;
    if (!service.row->single) worker = next_worker_[service.row->service]++;
    std::string log_name = service.settings[param::syslog_name] + "/" + std::string(service.row->log_name);
    std::int64_t now = steady_ms();
    Process& process =
        processes_.emplace_back(Process{&service, service.row, service.entry.name, log_name, worker,
                                        next_incarnation_++, pid, system_clock().wall_seconds(), now, now});
    ipc::Sender sender{service.row->service, worker, process.incarnation, pid, log_name};
    process.control = std::make_unique<ipc::Channel>(loop_, std::move(ours), ipc::Service::master, sender,
                                                     child_dispatcher_, [](ipc::Channel&) {});
    begin(process);
    connect_to_peers(process);
    return true;
}

void Supervisor::begin(Process& process) {
    const Service& service = *process.service;
    ipc::Begin begin{};
    begin.service = service.row->service;
    begin.worker = process.worker;
    begin.generation = snapshot_.generation;
    begin.as_root = geteuid() == 0;
    begin.log_name = process.log_name;
    for (const auto& [name, value] : snapshot_.overrides_of(service.entry))
        begin.overrides.push_back({name, value});
    begin.snapshot.reset(fcntl(sealed_.get(), F_DUPFD_CLOEXEC, 0));
    bool whole = static_cast<bool>(begin.snapshot);
    for (const Listening& listening : service.listening) {
        begin.addresses.push_back(listening.address);
        whole = begin.listeners.emplace_back(fcntl(listening.fd.get(), F_DUPFD_CLOEXEC, 0)) && whole;
    }
    if (!whole) log::emit(events::start_failed, process.log_name, strerror(EMFILE));
    // The certificate first, so that no connection finds a TLS service without one.
    send_identity(process);
    if (whole && process.control->tell(begin)) return;
    // Without its orders it would wait for ever, with half of them it would serve half of its addresses; its
    // end brings the next attempt.
    kill(process.pid, SIGKILL);
}

void Supervisor::send_identity(Process& process) {
    const Service* service = process.service;
    if (service && service->row->speaks_tls && !service->certificates.empty())
        process.control->tell(ipc::TlsIdentity{service->certificates, service->key});
}

Process* Supervisor::find(std::int32_t pid) {
    for (Process& process : processes_)
        if (process.pid == pid) return &process;
    return nullptr;
}

Process* Supervisor::find_incarnation(std::uint64_t incarnation) {
    for (Process& process : processes_)
        if (process.incarnation == incarnation) return &process;
    return nullptr;
}

void Supervisor::control_messages() {
    child_dispatcher_.hear<ipc::PeerLost>(
        [this](ipc::PeerLost lost, const ipc::Sender& sender) { hear_of_loss(lost, sender); });
    child_dispatcher_.hear<ipc::Ready>([this](ipc::Ready, const ipc::Sender& sender) {
        Process* process = find(sender.pid);
        if (!process) return;
        process->ready = true;
        process_changed_.notify_all();
        process->last_answer = steady_ms();
        if (process->row->service == ipc::Service::logger) flush_log();
        report_readiness();
    });
    child_dispatcher_.hear<ipc::StartFailed>([this](ipc::StartFailed failed, const ipc::Sender& sender) {
        if (Process* process = find(sender.pid)) process->failure = failed.why;
        log::emit(events::start_failed, sender.log_name, failed.why);
    });
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (Process* process = find(pid)) ended(*process, status);
}

void Supervisor::ended(Process& process, int status) {
    bool expected = stopping_ || process.draining;
    if (process.row->service == ipc::Service::logger) old_log_channel_ = std::move(log_channel_);
    if (WIFSIGNALED(status))
        log::emit(events::process_killed, process.log_name, process.pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0 || !expected)
        log::emit(events::process_exit, process.log_name, process.pid, WEXITSTATUS(status));
    // A start that cannot succeed is told at once, and not when the starter's patience ends.
    if (!process.ready && !expected && process.failure.empty())
        process.failure = WIFSIGNALED(status)
                              ? fmt::format("killed by signal {} before it served", WTERMSIG(status))
                              : fmt::format("exit status {} before it served", WEXITSTATUS(status));
    if (is_tried(process) && !process.failure.empty() && trial_failure_.empty())
        trial_failure_ = fmt::format("{}: {}", process.log_name, process.failure);
    Service* service = process.service;
    bool at_once = !process.ready || steady_ms() - process.started_steady < at_once_ms;
    for (auto place = processes_.begin(); place != processes_.end(); ++place)
        if (&*place == &process) {
            doomed_.push_back(std::move(process));  // its channel may be the one that is speaking to us
            processes_.erase(place);
            break;
        }
    process_changed_.notify_all();
    if (service && !expected) {
        ++service->restarts;
        restart_later(*service, at_once);
    }
    report_readiness();
}

// One attempt at a time for all workers that the service lacks. `at_once`: the last one failed or died soon,
// and the pause behind this one grows.
void Supervisor::restart_later(Service& service, bool at_once) {
    if (stopping_ || service.restart_planned) return;
    if (!at_once) service.pause = Milliseconds(0);
    if (service.pause >= std::chrono::seconds(1))
        log::emit(events::restart_paused, service.entry.name, service.pause.count() / 1000);
    service.restart_planned = true;
    chores_.spawn(restart_after(key_of(service.entry), service.pause));
    if (!at_once) return;
    Milliseconds longest = snapshot_.settings().value()[param::service_throttle_time];
    service.pause = std::min(std::max(service.pause * 2, Milliseconds(500)), longest);
}

Task<> Supervisor::restart_after(std::string key, Milliseconds pause) {
    co_await loop_.sleep(std::max(pause, Milliseconds(1)));
    auto found = services_.find(key);
    if (found == services_.end() || stopping_) co_return;
    found->second->restart_planned = false;
    start_missing(*found->second);
}

}  // namespace ekiden::master
