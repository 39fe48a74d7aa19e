#include "master/session_starter/started.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ekiden::session_starter {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds start_time = 20s;
constexpr Milliseconds end_time = 5s;
constexpr Milliseconds longest_session = std::chrono::hours(24 * 7);

// Only calls that are safe between fork and exec.
[[noreturn]] void become_program(const Orders& orders, int control) {
    if (orders.become_user) {
        gid_t spool = orders.place.spool_group.value_or(0);
        bool became = setgroups(orders.place.spool_group ? 1 : 0, &spool) == 0 &&
                      setresgid(orders.place.gid, orders.place.gid, orders.place.gid) == 0 &&
                      setresuid(orders.place.uid, orders.place.uid, orders.place.uid) == 0 && setuid(0) != 0;
        if (!became) _exit(126);
    }
    dup2(control, 3);
    close_range(4, ~0u, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    char name[] = "pop3d-session";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};
    execve(orders.program.c_str(), arguments, environment);
    _exit(127);
}

}  // namespace

Started::Started(event::Loop& loop, std::function<void(const ipc::LogLine&)> log)
    : loop_(loop), changed_(loop) {
    as_master_.hear<ipc::Ready>([this](ipc::Ready, const ipc::Sender&) {
        ready_ = true;
        changed_.notify_all();
    });
    as_master_.hear<ipc::StartFailed>([this](ipc::StartFailed failed, const ipc::Sender&) {
        failure_ = std::move(failed.why);
        changed_.notify_all();
    });
    as_master_.hear<ipc::PeerLost>([](ipc::PeerLost, const ipc::Sender&) {});
    as_authd_.answer<ipc::RedeemTicket>([this](ipc::RedeemTicket, ipc::Sender) { return whom(); });
    as_logger_.hear<ipc::LogLine>(
        [log = std::move(log)](ipc::LogLine line, const ipc::Sender&) { log(line); });
}

Task<Result<ipc::MailboxOwner>> Started::whom() { co_return owner_; }

Started::~Started() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

// One end becomes our channel, that stands for `service`; the other is the session's.
Result<OwnedFd> Started::pair_with(ipc::Service service, ipc::Dispatcher& dispatcher,
                                   std::unique_ptr<ipc::Channel>& ours) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return system_error("cannot start a session", errno);
    OwnedFd theirs(ends[1]);
    ipc::Sender session{ipc::Service::pop3_session, 0, 0, pid_, "pop3d-session"};
    ours = std::make_unique<ipc::Channel>(loop_, OwnedFd(ends[0]), service, session, dispatcher,
                                          [this, service](ipc::Channel&) {
                                              if (service == ipc::Service::master) over_ = true;
                                              changed_.notify_all();
                                          });
    return theirs;
}

Result<> Started::execute(const Orders& orders) {
    Result<OwnedFd> control = pair_with(ipc::Service::master, as_master_, control_);
    if (!control) return pass(control);
    pid_ = fork();
    if (pid_ < 0) return system_error("cannot start a session", errno);
    if (pid_ == 0) become_program(orders, control->get());
    return {};
}

Result<> Started::connect(ipc::Service service, ipc::Dispatcher& dispatcher,
                          std::unique_ptr<ipc::Channel>& ours) {
    Result<OwnedFd> theirs = pair_with(service, dispatcher, ours);
    if (!theirs) return pass(theirs);
    ipc::PeerEnd end{service, 0, 1, getpid(), std::string(ipc::name_of(service)), false, std::move(*theirs)};
    if (!control_->tell(end)) return temporary("cannot reach the session process");
    return {};
}

Result<> Started::begin(Orders orders) {
    owner_.login = orders.login;
    owner_.mailbox = orders.place.mailbox;
    owner_.uid = orders.place.uid;
    owner_.gid = orders.place.gid;
    ipc::Begin message{};
    message.service = ipc::Service::pop3_session;
    message.worker = orders.number;
    message.generation = orders.generation;
    message.log_name = orders.log_name;
    message.overrides.push_back({"virtual_mailbox_base", orders.place.base});
    message.snapshot = std::move(orders.snapshot);
    if (!control_->tell(message)) return temporary("cannot reach the session process");
    Result<> connected = connect(ipc::Service::logger, as_logger_, logger_);
    if (connected) connected = connect(ipc::Service::authd, as_authd_, authd_);
    if (connected) connected = connect(ipc::Service::pop3_front, as_front_, front_);
    return connected;
}

Task<Result<>> Started::start(Orders orders) {
    Result<> begun = execute(orders);
    if (begun) begun = begin(std::move(orders));
    if (!begun) co_return begun;
    while (!ready_ && !over_ && failure_.empty()) {
        bool notified = co_await changed_.wait(start_time);
        if (!notified) co_return temporary("the session process does not begin");
    }
    if (!ready_) co_return temporary(failure_.empty() ? "the session process ended at its start" : failure_);
    co_return Result<>();
}

Task<> Started::serve(ipc::HandOver hand_over) {
    (void)co_await front_->ask(std::move(hand_over), longest_session);
    // It says what it has to say and ends by itself.
    control_->tell(ipc::Drain{1, false});
    while (!over_) {
        bool notified = co_await changed_.wait(end_time);
        if (!notified) co_return;
    }
}

}  // namespace ekiden::session_starter
