#include "common/process/daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <deque>

#include "common/config/tls_versions.h"
#include "common/ipc/messages/log.h"
#include "common/log/events.h"

namespace ekiden::process {
namespace {

constexpr int control_fd = 3;
constexpr std::size_t early_lines = 1000;              // kept until the logger's channel is there
constexpr std::size_t unread_limit = 8 * 1024 * 1024;  // octets of lines that the logger has not taken
// Of a worker that ends: for master to take the reason why it could not start, and for the others to take the
// last replies and log lines.
constexpr Milliseconds last_word_time{5000}, rest_time{500};

}  // namespace

// Lines go to the logger's channel; while it is not there a bounded number waits. What does not fit, or what
// a logger that falls behind does not take, is counted.
class Worker::LogSink : public log::Sink {
  public:
    explicit LogSink(Worker& worker) : worker_(worker) {}
    void write(const log::Line& line) override {
        ipc::LogLine message{static_cast<std::uint8_t>(line.level), line.when, std::string(line.event),
                             line.text, line.json};
        ipc::Peer& logger = worker_.peer(ipc::Service::logger);
        if (logger.unsent() > unread_limit) {
            ++dropped_;
        } else if (logger.present()) {
            flush(logger);
            logger.tell(message);
        } else if (waiting_.size() < early_lines) {
            waiting_.push_back(std::move(message));
        } else {
            ++dropped_;
        }
    }
    void flush(ipc::Peer& logger) {
        if (!logger.present() || logger.unsent() > unread_limit) return;
        for (const ipc::LogLine& line : std::exchange(waiting_, {})) logger.tell(line);
        if (std::size_t dropped = std::exchange(dropped_, 0)) log::emit(events::lines_dropped, dropped);
    }

  private:
    Worker& worker_;
    std::deque<ipc::LogLine> waiting_;
    std::size_t dropped_ = 0;
};

namespace {
// TLS is demanded of the clients of this service, or there from the first octet.
bool tls_is_mandatory(ipc::Service service, const Settings& settings) {
    if (service == ipc::Service::pop3_front) return settings[param::pop3d_tls_wrappermode];
    const auto& level = service == ipc::Service::submission ? param::submission_tls_security_level
                                                            : param::smtpd_tls_security_level;
    return settings[param::smtpd_tls_wrappermode] || settings[level] == "encrypt";
}

void report(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& what) {
        log::emit(events::session_failed, "task", what.what());
    }
}
}  // namespace

std::vector<ipc::NamedValue> Program::counters(Worker&) { return {}; }

Worker::Worker(ipc::Service service)
    : service_(service),
      peers_(loop_, service, dispatcher_),
      sink_(std::make_unique<LogSink>(*this)),
      chores_(loop_, report),
      acceptors_(loop_, report),
      sessions_(loop_, report),
      visitors_(loop_, service, dispatcher_, row_of(service).open_to_users),
      settings_(std::make_shared<Settings>()) {}

Worker::~Worker() = default;

int Worker::live(Program& program) {
    program_ = &program;
    if (service_ != ipc::Service::logger) log::set_sink(sink_.get());
    control_messages();
    ipc::Sender master{ipc::Service::master, 0, 0, getppid(), "master"};
    control_ = std::make_unique<ipc::Channel>(loop_, OwnedFd(control_fd), service_, master,
                                              control_dispatcher_, [this](ipc::Channel&) { stop(0); });
    peers_.on_closed([this](const ipc::Sender& peer) {
        control_->tell(ipc::PeerLost{peer.service, peer.worker, peer.incarnation});
    });
    loop_.run();
    acceptors_.clear();
    sessions_.clear();
    chores_.clear();
    // While the program that they work on lives.
    visitors_.clear();
    peers_.drop_requests();
    log::set_sink(nullptr);
    return exit_status_;
}

void Worker::stop(int status) {
    exit_status_ = status;
    loop_.stop();
}

void Worker::control_messages() {
    control_dispatcher_.hear<ipc::Begin>(
        [this](ipc::Begin begin, const ipc::Sender&) { chores_.spawn(start(std::move(begin))); });
    control_dispatcher_.hear<ipc::PeerEnd>([this](ipc::PeerEnd end, const ipc::Sender&) {
        bool logger = end.service == ipc::Service::logger;
        peers_.add(std::move(end));
        if (logger) sink_->flush(peer(ipc::Service::logger));
    });
    control_dispatcher_.hear<ipc::PeerDraining>(
        [this](ipc::PeerDraining draining, const ipc::Sender&) { peers_.retire(draining); });
    control_dispatcher_.hear<ipc::TlsIdentity>(
        [this](ipc::TlsIdentity identity, const ipc::Sender&) { take_tls_identity(identity); });
    control_dispatcher_.hear<ipc::NewSnapshot>([this](ipc::NewSnapshot next, const ipc::Sender&) {
        Result<> taken = take_snapshot(next.snapshot.get(), next.overrides);
        if (taken)
            program_->reconfigure(*this);
        else
            log::emit(events::reload_refused, taken.error());
    });
    control_dispatcher_.hear<ipc::Drain>(
        [this](ipc::Drain order, const ipc::Sender&) { chores_.spawn(drain(order)); });
    control_dispatcher_.answer<ipc::Ping>([this](ipc::Ping, ipc::Sender) -> Task<Result<ipc::Counters>> {
        std::vector<ipc::NamedValue> values = program_->counters(*this);
        if (serves_clients_) values.insert(values.begin(), {"connections", std::to_string(sessions_.size())});
        co_return ipc::Counters{std::move(values)};
    });
}

Task<> Worker::start(ipc::Begin orders) {
    Result<> begun = begin(std::move(orders));
    if (begun) {
        program_->serve(*this);
        control_->tell(ipc::Ready{});
        co_return;
    }
    control_->tell(ipc::StartFailed{begun.error().text});
    co_await control_->sent(last_word_time);
    stop(1);
}

Result<> Worker::begin(ipc::Begin orders) {
    tzset();  // its file cannot be read later
    number_ = orders.worker;
    as_root_ = orders.as_root;
    log_name_ = orders.log_name;
    for (std::size_t i = 0; i < orders.listeners.size() && i < orders.addresses.size(); ++i)
        listeners_.push_back({orders.addresses[i], std::move(orders.listeners[i])});
    Result<> taken = take_snapshot(orders.snapshot.get(), orders.overrides);
    if (!taken) return taken;
    Result<> opened = drop_and_open();
    if (!opened) return opened;
    for (Listener& listener : listeners_)
        if (listener.address.starts_with("unix:"))
            acceptors_.spawn(net::accept_connections(
                loop_, listener.fd.get(), listener.address, [this] { return visitors_.room(); },
                [this](net::Accepted accepted) { visitors_.admit(std::move(accepted.fd)); }));
    return {};
}

Result<> Worker::drop_and_open() {
    const Row& row = row_of(service_);
    bool change_user = as_root_ && row.owner;
    int master = getppid();
    if (row.empty_root || !change_user)
        if (Result<> opened = program_->open(*this); !opened) return opened;
    std::string user = row.owner ? settings()[*row.owner] : "";
    if (change_user && row.empty_root) {
        // The user's entry must be read before the root is empty.
        const std::string& root = settings()[param::empty_directory];
        Result<> entered = enter_empty_root_as(root, user);
        if (!entered) return entered;
    } else if (change_user) {
        if (Result<> became = become(user); !became) return became;
    }
    if (!row.empty_root && change_user)
        if (Result<> opened = program_->open(*this); !opened) return opened;
    if (!die_with_parent(master)) return temporary("master is gone");
    return confine(row, paths_);
}

Result<> Worker::take_snapshot(int fd, const std::vector<ipc::NamedValue>& overrides) {
    Result<config::Snapshot> snapshot = config::read_sealed(fd);
    if (!snapshot) return pass(snapshot);
    RawValues values;
    for (const ipc::NamedValue& each : overrides) values[each.key] = each.value;
    Result<Settings> settings = Settings::make(snapshot->main_cf, values);
    if (!settings) return pass(settings);
    snapshot_ = std::make_shared<config::Snapshot>(std::move(*snapshot));
    settings_ = std::make_shared<Settings>(std::move(*settings));
    return limit_tls();
}

// The identity may come before the settings that say which versions are wanted, and again later.
Result<> Worker::limit_tls() {
    if (!tls_) return {};
    const auto& protocols = tls_is_mandatory(service_, settings()) ? param::smtpd_tls_mandatory_protocols
                                                                   : param::smtpd_tls_protocols;
    Result<config::TlsVersions> versions = config::tls_versions(settings()[protocols]);
    if (!versions) return malformed(fmt::format("{}: {}", protocols.name, versions.error().text));
    return tls_->limit_versions(versions->lowest, versions->highest);
}

void Worker::take_tls_identity(const ipc::TlsIdentity& identity) {
    Result<net::TlsContext> context =
        net::TlsContext::server(identity.certificates, identity.key, ipc::name_of(service_));
    Result<> taken;
    if (context) {
        tls_ = std::make_shared<net::TlsContext>(std::move(*context));
        taken = limit_tls();
    } else {
        taken = pass(context);
    }
    if (!taken) log::emit(events::tls_identity_failed, settings()[param::smtpd_tls_cert_file], taken.error());
}

void Worker::accept_sessions(std::size_t limit, std::function<Task<>(net::Accepted)> session,
                             std::string busy) {
    serves_clients_ = true;
    for (Listener& listener : listeners_)
        if (!listener.address.starts_with("unix:"))
            acceptors_.spawn(net::accept_connections(
                loop_, listener.fd.get(), listener.address,
                [this, limit] { return sessions_.size() < limit; },
                [this, session](net::Accepted accepted) { sessions_.spawn(session(std::move(accepted))); },
                busy));
}

Task<> Worker::drain(ipc::Drain order) {
    const Deadline deadline(std::chrono::seconds(order.seconds));
    if (std::exchange(draining_, true)) {
        // The suite is stopped while this worker still drains after a reload: the shorter time holds.
        co_await loop_.sleep(deadline.left());
        co_await peers_.all_sent(rest_time);
        stop(0);
        co_return;
    }
    acceptors_.clear();
    listeners_.clear();
    // What was given to this worker before the others heard of its end is work as any other.
    if (order.others_told) co_await peers_.all_heard_out(deadline.left());
    co_await sessions_.empty(deadline.left());
    co_await program_->finish(*this, deadline.left());
    co_await peers_.all_answered(deadline.left());
    co_await peers_.all_sent(rest_time);
    stop(0);
}

bool begin_process(ipc::Service service) {
    signal(SIGPIPE, SIG_IGN);
    // Order and end come over the control channel, so that a signal to the whole group cannot tear work
    // apart.
    for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
    if (fcntl(control_fd, F_GETFD) >= 0) return true;
    fmt::print(stderr, "{}: started by hand; this program is started by master (ekiden start)\n",
               row_of(service).program);
    return false;
}

}  // namespace ekiden::process
