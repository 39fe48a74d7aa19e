#include "master/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "common/ipc/messages/log.h"
#include "common/log/events.h"
#include "common/net/listener.h"
#include "common/process/directories.h"
#include "common/process/notify.h"

namespace ekiden::master {
namespace {

constexpr std::size_t admin_limit = 16;
constexpr std::size_t lines_kept = 1000;
constexpr std::size_t unread_limit = 8 * 1024 * 1024;  // octets of lines that the logger has not taken
constexpr Milliseconds reload_patience = std::chrono::seconds(60);
constexpr Milliseconds status_patience = std::chrono::milliseconds(500);

}  // namespace

// Master's own lines go to the logger it started; a bounded number waits while there is none, or while it
// falls behind. The oldest make room and are counted.
class Supervisor::LogSink : public log::Sink {
  public:
    explicit LogSink(Supervisor& master) : master_(master) {}
    void write(const log::Line& line) override {
        if (waiting_.size() >= lines_kept) {
            waiting_.pop_front();
            ++dropped_;
        }
        waiting_.push_back({static_cast<std::uint8_t>(line.level), line.when, std::string(line.event),
                            line.text, line.json});
        flush();
    }
    void flush() {
        if (!master_.log_channel_ || !master_.log_channel_->open()) return;
        if (master_.log_channel_->unsent() > unread_limit) return;
        for (const ipc::LogLine& line : std::exchange(waiting_, {})) master_.log_channel_->tell(line);
        if (std::size_t dropped = std::exchange(dropped_, 0)) log::emit(events::lines_dropped, dropped);
    }
    // The last resort, when no logger will come any more.
    ~LogSink() override {
        for (const ipc::LogLine& line : waiting_) fmt::print(stderr, "ekiden/master: {}\n", line.text);
    }

  private:
    Supervisor& master_;
    std::deque<ipc::LogLine> waiting_;
    std::size_t dropped_ = 0;
};

Supervisor::Supervisor(event::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      sink_(std::make_unique<LogSink>(*this)),
      process_changed_(loop),
      chores_(loop, [](std::exception_ptr failure) {
          try {
              std::rethrow_exception(failure);
          } catch (const std::exception& what) {
              log::emit(events::session_failed, "master", what.what());
          }
      }) {
    control_messages();
    admin_dispatcher_.answer<ipc::QueryStatus>(
        [this](ipc::QueryStatus, ipc::Sender) -> Task<Result<ipc::SuiteStatus>> {
            Result<ipc::SuiteStatus> fresh = co_await fresh_status();
            co_return fresh;
        });
    admin_dispatcher_.answer<ipc::Reload>([this](ipc::Reload, ipc::Sender) -> Task<Result<ipc::Done>> {
        if (!begin_reload())
            co_return temporary("not now: it is still starting, or another reload is under way");
        // The reload itself does not end with the one who asked.
        while (reloading_) co_await process_changed_.wait(reload_patience);
        if (!last_reload_) co_return pass(last_reload_);
        co_return ipc::Done{};
    });
}

void Supervisor::flush_log() { sink_->flush(); }

Supervisor::~Supervisor() { log::set_sink(nullptr); }

Result<> Supervisor::start(config::Snapshot snapshot) {
    snapshot_ = std::move(snapshot);
    started_ = system_clock().wall_seconds();
    Result<Settings> settings = snapshot_.settings();
    if (!settings) return pass(settings);
    if (Result<> prepared = process::prepare_directories(*settings); !prepared) return prepared;
    Result<OwnedFd> sealed = config::seal(snapshot_);
    if (!sealed) return pass(sealed);
    sealed_ = std::move(*sealed);
    Result<Services> services = make_services(snapshot_, nullptr);
    if (!services) return pass(services);
    services_ = std::move(*services);
    if (Result<> opened = open_admin_socket(); !opened) return opened;
    log::set_sink(sink_.get());
    // The logger first: the others may have something to say.
    for (bool logger : {true, false})
        for (auto& [key, service] : services_)
            if ((service->row->service == ipc::Service::logger) == logger) start_missing(*service);
    log::emit(events::daemon_started, version, options_.config_directory);
    chores_.spawn(watch_children());
    chores_.spawn(watch_identities());
    return {};
}

Result<> Supervisor::open_admin_socket() {
    std::string path = snapshot_.settings().value()[param::queue_directory] + "/public/master";
    Result<OwnedFd> listener = net::listen_on_path(path, 0600, 16);
    if (!listener) return pass(listener);
    admin_listener_ = std::move(*listener);
    chores_.spawn(net::accept_connections(
        loop_, admin_listener_.get(), path, [this] { return admins_.size() < admin_limit; },
        [this](net::Accepted accepted) { admit(accepted.fd.release()); }));
    return {};
}

void Supervisor::admit(int fd) {
    OwnedFd client(fd);
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
    if (credentials.uid != 0 && credentials.uid != geteuid()) return;
    ipc::Sender sender{ipc::Service::admin, 0, 0, credentials.pid, "admin"};
    auto channel = std::make_unique<ipc::Channel>(loop_, std::move(client), ipc::Service::master, sender,
                                                  admin_dispatcher_,
                                                  [this](ipc::Channel& gone) { admins_.erase(&gone); });
    admins_[channel.get()] = std::move(channel);
}

// Once, when every process serves or one of them cannot: to `ekiden start` and to the service manager.
void Supervisor::report_readiness() {
    if (reported_) return;
    bool all = std::ranges::all_of(processes_, [](const Process& process) { return process.ready; });
    std::string failed;
    for (const Process& process : doomed_)
        if (!process.failure.empty()) failed = fmt::format("{}: {}\n", process.log_name, process.failure);
    if (failed.empty() && !all) return;
    reported_ = true;
    if (failed.empty()) process::notify_service_manager("READY=1");
    if (options_.ready_fd >= 0) {
        std::string text = failed.empty() ? "ready\n" : failed;
        ssize_t ignored = write(options_.ready_fd, text.data(), text.size());  // the starter may have gone
        (void)ignored;
        close(options_.ready_fd);
    }
    // Who is told that the start failed must not find half of a mail system running.
    if (!failed.empty()) terminate(SIGTERM);
}

Task<Result<ipc::SuiteStatus>> Supervisor::fresh_status() {
    event::Gate questions(loop_);
    for (const Process& process : processes_)
        if (process.ready) questions.spawn(refresh_counters(process.pid));
    co_await questions.empty(status_patience);
    co_return status();
}

Task<> Supervisor::refresh_counters(std::int32_t pid) {
    Process* process = find(pid);
    Result<ipc::Counters> counters = co_await process->control->ask(ipc::Ping{}, status_patience);
    process = find(pid);  // it may have ended meanwhile
    if (process && counters) process->counters = std::move(counters->values);
}

ipc::SuiteStatus Supervisor::status() const {
    Settings settings = snapshot_.settings().value_or(Settings());
    ipc::SuiteStatus status{getpid(), started_, snapshot_.generation, {}};
    for (const Process& process : processes_) {
        std::string user = process.row->owner ? settings[*process.row->owner] : "root";
        status.processes.push_back({process.name, std::string(process.row->program), process.worker,
                                    process.pid, geteuid() == 0 ? user : "", process.started,
                                    process.service ? process.service->restarts : 0, process.ready,
                                    process.counters});
    }
    return status;
}

}  // namespace ekiden::master
