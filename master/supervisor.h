#pragma once
// Master's work: services of master.cf in, processes out. It makes the channels between them (the broker),
// hands out the configuration, replaces what dies or hangs, and ends everything in order. It reads from no
// client: its sources are the configuration, its children's short fixed messages, and the administrator's
// socket.
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/event/gate.h"
#include "common/event/loop.h"
#include "common/ipc/messages/control.h"
#include "common/net/identity.h"
#include "master/service.h"
#include "master/settings.h"

namespace ekiden::master {

class Supervisor {
  public:
    Supervisor(event::Loop& loop, Options options);
    ~Supervisor();

    // Binds, prepares directories, starts every service. An error means that nothing was started.
    Result<> start(config::Snapshot snapshot);
    // Begins to read the configuration anew. False while it is still starting or another reload is under way.
    bool begin_reload();
    // Ends every process in order, within a bounded time; then the loop stops.
    void terminate(int signal);
    // A child has ended (SIGCHLD).
    void reap();

  private:
    using Services = std::map<std::string, std::unique_ptr<Service>>;  // by key_of
    // --- services.cc: lines of master.cf ---
    Result<std::unique_ptr<Service>> make_service(const config::ServiceEntry& entry,
                                                  const config::Snapshot& snapshot, Services* before);
    Result<Services> make_services(const config::Snapshot& snapshot, Services* before);
    void start_missing(Service& service);
    // --- spawn.cc: processes ---
    bool spawn(Service& service);
    void begin(Process& process);
    void ended(Process& process, int status);
    void restart_later(Service& service, bool at_once);
    Task<> restart_after(std::string key, Milliseconds pause);
    void control_messages();
    // --- broker.cc: channels ---
    void connect_to_peers(Process& process);
    void connect_to_logger(Process& logger);
    void connect(Process& one, Process& other);
    void hear_of_loss(const ipc::PeerLost& lost, const ipc::Sender& reporter);
    void mend_later(std::uint64_t one, std::uint64_t other);
    Task<> mend(std::uint64_t one, std::uint64_t other);
    // --- reload.cc ---
    Task<> reload();
    Result<> try_generation();
    bool needs_trial(const std::string& key, const Service& service) const;
    Task<Result<>> trial();
    void take_generation();
    void give_up_generation();
    void drain(Process& process, std::uint32_t seconds);
    // --- stop.cc ---
    Task<> stop_in_order();
    Task<bool> wait_until_gone(std::vector<const process::Row*> rows, Milliseconds time);
    // --- watch.cc: hung children, changed certificates ---
    Task<> watch_children();
    Task<> ping(std::int32_t pid, Seconds hung_after);
    Task<> watch_identities();
    void send_identity(Process& process);
    // --- admin.cc ---
    Result<> open_admin_socket();
    void admit(int fd);
    void report_readiness();
    ipc::SuiteStatus status() const;
    Task<Result<ipc::SuiteStatus>> fresh_status();
    Task<> refresh_counters(std::int32_t pid);

    class LogSink;
    void flush_log();

    // What is in force while a new generation is tried.
    struct Generation {
        config::Snapshot snapshot;
        OwnedFd sealed;
        Services services;
    };
    // Whether the process was started from the generation that is being tried.
    bool is_tried(const Process& process) const { return before_ && process.incarnation >= first_tried_; }

    Process* find(std::int32_t pid);
    Process* find_incarnation(std::uint64_t incarnation);

    event::Loop& loop_;
    const Options options_;
    std::unique_ptr<LogSink> sink_;
    config::Snapshot snapshot_;
    OwnedFd sealed_;
    Services services_;
    std::optional<Generation> before_;  // while a reload tries the next one
    std::uint64_t first_tried_ = 0;     // incarnation
    std::string trial_failure_;
    bool reloading_ = false;
    Result<> last_reload_;
    std::list<Process> processes_;
    std::deque<Process> doomed_;  // ended, until their channels may go
    net::IdentityFiles identities_;
    std::map<ipc::Service, std::uint32_t> next_worker_;
    std::uint64_t next_incarnation_ = 1;
    std::int64_t started_ = 0;
    std::set<std::pair<std::uint64_t, std::uint64_t>> mending_;  // incarnations, the smaller one first
    bool stopping_ = false;
    bool reported_ = false;
    ipc::Dispatcher child_dispatcher_, admin_dispatcher_;
    std::unique_ptr<ipc::Channel> log_channel_, old_log_channel_;
    OwnedFd admin_listener_;
    std::map<const ipc::Channel*, std::unique_ptr<ipc::Channel>> admins_;
    event::Signal process_changed_;  // one is ready or has ended; a reload is over
    event::Gate chores_;
};

}  // namespace ekiden::master
