// session-starter: opens the mailboxes of users of the system. It stays root to become them, one process for
// each session; it redeems the front's ticket at authd itself, so that a captured front can name nobody, and
// reads no bytes of clients. It runs only where system_accounts is on.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "common/front/take_over.h"
#include "common/log/events.h"
#include "common/net/stream.h"
#include "common/process/daemon.h"
#include "common/process/sandbox.h"
#include "master/session_starter/started.h"

namespace ekiden::session_starter {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds redeem_time = 10s;
constexpr std::size_t most_sessions = 2000;
constexpr std::size_t most_of_one_user = 50;

// One of the sessions of a user, for as long as it lives.
class OfUser {
  public:
    OfUser(std::map<std::uint32_t, std::size_t>& counts, std::uint32_t uid) : counts_(counts), uid_(uid) {
        ++counts_[uid_];
    }
    OfUser(const OfUser&) = delete;
    OfUser& operator=(const OfUser&) = delete;
    ~OfUser() {
        if (--counts_[uid_] == 0) counts_.erase(uid_);
    }

  private:
    std::map<std::uint32_t, std::size_t>& counts_;
    std::uint32_t uid_;
};

class Starter final : public process::Program {
  public:
    // What makes its children other users, and what ends them; it opens nobody's files.
    Result<> open(process::Worker& worker) override {
        if (!worker.as_root() || geteuid() != 0) return {};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("no_new_privs", errno);
        return process::keep_only({CAP_SETUID, CAP_SETGID, CAP_KILL});
    }

    void serve(process::Worker& worker) override {
        worker.answer<ipc::HandOver>([this, &worker](ipc::HandOver hand_over, ipc::Sender) {
            return front::take_over(worker, serve_user(worker, std::move(hand_over)));
        });
    }

    std::vector<ipc::NamedValue> counters(process::Worker& worker) override {
        return {{"sessions", std::to_string(worker.sessions().size())},
                {"started", std::to_string(started_)}};
    }

  private:
    Task<> serve_user(process::Worker& worker, ipc::HandOver hand_over) {
        if (!hand_over.connection) co_return;
        Result<ipc::MailboxOwner> owner = temporary("too many sessions");
        ipc::RedeemTicket question{hand_over.ticket, "pop3"};
        if (worker.sessions().size() <= most_sessions)
            owner = co_await worker.peer(ipc::Service::authd).ask(std::move(question), redeem_time);
        if (owner && !owner->system_user) owner = denied("not a user of the system");
        std::string login = owner ? owner->login : "unknown";
        Result<Place> place = owner ? place_of(login, worker.settings()) : pass(owner);
        if (place && sessions_[place->uid] >= most_of_one_user)
            place = temporary("too many sessions of " + login);
        if (!place) {
            co_await refuse(worker, std::move(hand_over), login, place.error());
            co_return;
        }
        OfUser counted(sessions_, place->uid);
        Started session(worker.loop(), [&worker](const ipc::LogLine& line) {
            worker.peer(ipc::Service::logger).tell(line);
        });
        Result<Orders> orders = orders_for(worker, login, std::move(*place));
        Result<> begun = orders ? Result<>() : pass(orders);
        if (orders) begun = co_await session.start(std::move(*orders));
        if (!begun) {
            co_await refuse(worker, std::move(hand_over), login, begun.error());
            co_return;
        }
        co_await session.serve(std::move(hand_over));
    }

    Result<Orders> orders_for(process::Worker& worker, const std::string& login, Place place) {
        bool root = worker.as_root() && geteuid() == 0;
        if (!root && place.uid != geteuid()) return denied("only root can open the mailbox of " + login);
        Result<OwnedFd> snapshot = config::seal(worker.snapshot());
        if (!snapshot) return pass(snapshot);
        const Settings& settings = worker.settings();
        Orders orders{settings[param::daemon_directory] + "/pop3d-session",
                      root,
                      static_cast<std::uint32_t>(++started_),
                      worker.snapshot().generation,
                      settings[param::syslog_name] + "/pop3d-session",
                      std::move(*snapshot),
                      std::move(place),
                      login};
        return orders;
    }

    static Task<> refuse(process::Worker& worker, ipc::HandOver hand_over, std::string login, Error error) {
        log::emit(events::pop3_session_end, login, hand_over.client_address, 0, 0, 0, 0, error.text,
                  hand_over.session);
        net::Stream client(worker.loop(), std::move(hand_over.connection));
        client.write(error.temporary() ? "-ERR [SYS/TEMP] The mailbox cannot be opened now\r\n"
                                       : "-ERR [SYS/PERM] No mailbox for this login\r\n");
        try {
            co_await client.flush(10s);
            client.shut_down();
        } catch (const net::Closed&) {
        }
    }

    std::map<std::uint32_t, std::size_t> sessions_;  // by uid
    std::uint64_t started_ = 0;
};

}  // namespace
}  // namespace ekiden::session_starter

int main() {
    return ekiden::process::run<ekiden::session_starter::Starter>(ekiden::ipc::Service::session_starter);
}
