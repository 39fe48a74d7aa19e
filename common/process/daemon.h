#pragma once
// How a worker begins its life and what it holds. Master starts it with the control channel as descriptor 3;
// over that it is told who it is and given its configuration, listeners and channels. A program is an object
// of four verbs:
//
//   open        still with what privilege it has: open databases, read files; name the paths that must stay
//   reachable serve       confined: register handlers, start acceptors; then the loop runs reconfigure
//   (programs that reload in place) take the new settings counters    what `ekiden status` shows
//
// A program that stays root opens as root; one that becomes a user of its own opens as that user, unless its
// row has an empty root (chroot needs root, so it opens before).
#include <sysexits.h>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"
#include "common/config/snapshot.h"
#include "common/event/gate.h"
#include "common/event/loop.h"
#include "common/ipc/messages/control.h"
#include "common/ipc/peers.h"
#include "common/net/listener.h"
#include "common/net/tls.h"
#include "common/process/sandbox.h"
#include "common/process/visitors.h"

namespace ekiden::process {

struct Listener {
    std::string address;  // "127.0.0.1:25"
    OwnedFd fd;
};

class Worker;

class Program {
  public:
    virtual ~Program() = default;
    virtual Result<> open(Worker&) { return {}; }
    virtual void serve(Worker& worker) = 0;
    virtual void reconfigure(Worker&) {}
    virtual std::vector<ipc::NamedValue> counters(Worker& worker);
    // After the last session, before the process ends: bring what is under way into a safe state. `time` is
    // what is left of that which master gives.
    virtual Task<> finish(Worker&, Milliseconds) { co_return; }
};

class Worker {
  public:
    event::Loop& loop() { return loop_; }
    // Settings of this moment; a session that must not see them change keeps the pointer.
    const Settings& settings() const { return *settings_; }
    std::shared_ptr<const Settings> settings_pointer() const { return settings_; }
    const config::Snapshot& snapshot() const { return *snapshot_; }
    std::uint32_t number() const { return number_; }
    // Root started the suite: workers have users of their own.
    bool as_root() const { return as_root_; }

    ipc::Peer& peer(ipc::Service service) { return peers_[service]; }
    ipc::Peers& peers() { return peers_; }
    // Handlers for messages; see ipc/channel.h.
    template <ipc::Message M>
    void answer(std::function<Task<Result<typename M::Reply>>(M, ipc::Sender)> handler) {
        dispatcher_.answer<M>(std::move(handler));
    }
    template <ipc::Message M>
    void hear(std::function<void(M, const ipc::Sender&)> handler) {
        dispatcher_.hear<M>(std::move(handler));
    }

    // Client sessions: counted for `ekiden status`, given time to end when the worker is replaced.
    event::Gate& sessions() {
        serves_clients_ = true;
        return sessions_;
    }
    // Everything else that runs.
    event::Gate& chores() { return chores_; }
    // Accepts on all internet listeners; each connection becomes a session. No more than `limit` at once.
    // While the process has no descriptor for one more, a new client is told `busy` and closed.
    void accept_sessions(std::size_t limit, std::function<Task<>(net::Accepted)> session, std::string busy);

    // The server's TLS context with the certificate in use, or null when there is none. Sessions keep their
    // pointer.
    std::shared_ptr<const net::TlsContext> tls() const { return tls_; }

    // In open(): paths that stay reachable after confinement.
    Paths& paths() { return paths_; }

  private:
    template <std::derived_from<Program> P>
    friend int run(ipc::Service service);
    explicit Worker(ipc::Service service);
    ~Worker();
    int live(Program& program);
    Result<> begin(ipc::Begin begin);
    Result<> take_snapshot(int fd, const std::vector<ipc::NamedValue>& overrides);
    void take_tls_identity(const ipc::TlsIdentity& identity);
    Result<> limit_tls();
    Result<> drop_and_open();
    void control_messages();
    Task<> start(ipc::Begin begin);
    Task<> drain(ipc::Drain order);
    void stop(int status);

    class LogSink;

    const ipc::Service service_;
    Program* program_ = nullptr;
    event::Loop loop_;
    ipc::Dispatcher control_dispatcher_, dispatcher_;
    ipc::Peers peers_;
    std::unique_ptr<LogSink> sink_;
    event::Gate chores_, acceptors_, sessions_;
    std::unique_ptr<ipc::Channel> control_;
    Visitors visitors_;
    std::shared_ptr<const config::Snapshot> snapshot_;
    std::shared_ptr<const Settings> settings_;
    std::shared_ptr<net::TlsContext> tls_;
    std::vector<Listener> listeners_;
    Paths paths_;
    std::string log_name_;
    std::uint32_t number_ = 0;
    bool as_root_ = false;
    bool draining_ = false;
    bool serves_clients_ = false;
    int exit_status_ = 0;
};

// Takes signals out of the way; false, with a word to who is there, when master did not start this process.
bool begin_process(ipc::Service service);

// The body of the main() of the program P. Returns its exit status. What P holds goes before the worker's
// loop and channels do.
template <std::derived_from<Program> P>
int run(ipc::Service service) {
    if (!begin_process(service)) return EX_USAGE;
    Worker worker(service);
    P program;
    return worker.live(program);
}

}  // namespace ekiden::process
