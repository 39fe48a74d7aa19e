// pop3d-session: POP3 after login, for virtual users. It runs as the owner of the mail, has no network of its
// own, and works on connections that the front hands over. Whom it serves it learns from authd alone, for the
// front's ticket.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "common/front/take_over.h"
#include "common/ipc/messages/auth.h"
#include "common/ipc/messages/session.h"
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "pop3d/session/session.h"

namespace ekiden::pop3d {
namespace {

using namespace std::chrono_literals;

constexpr unsigned threads = 4;
constexpr std::size_t jobs_waiting = 20'000;
constexpr std::size_t most_sessions = 10'000;
constexpr Milliseconds redeem_timeout = 10s;

class SessionProgram final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        const std::string& base = worker.settings()[param::virtual_mailbox_base];
        if (mkdir(base.c_str(), 0700) != 0 && errno != EEXIST && errno != EACCES)
            return system_error("cannot create virtual_mailbox_base " + base, errno);
        mail_root_.reset(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!mail_root_) return system_error("cannot open virtual_mailbox_base " + base, errno);
        worker.paths().write.push_back(base);
        Result<mailbox::MboxLocking> locking =
            mailbox::mbox_locking(worker.settings(), param::virtual_mailbox_lock);
        if (!locking) return pass(locking);
        locking_ = *locking;
        return {};
    }

    void serve(process::Worker& worker) override {
        pool_ = std::make_unique<event::Offload>(worker.loop(), threads, jobs_waiting);
        worker.answer<ipc::HandOver>([this, &worker](ipc::HandOver hand_over, ipc::Sender) {
            return front::take_over(worker, serve_client(worker, std::move(hand_over)));
        });
    }

  private:
    Task<> serve_client(process::Worker& worker, ipc::HandOver hand_over) {
        if (!hand_over.connection) co_return;
        net::Stream client(worker.loop(), std::move(hand_over.connection));
        client.unread(std::move(hand_over.early));
        bool room = worker.sessions().size() <= most_sessions;
        ipc::RedeemTicket question{hand_over.ticket, "pop3"};
        Result<ipc::MailboxOwner> owner = temporary("too many sessions");
        if (room) owner = co_await worker.peer(ipc::Service::authd).ask(std::move(question), redeem_timeout);
        if (!owner || owner->system_user) {
            client.write(owner || !owner.error().temporary()
                             ? "-ERR [SYS/PERM] No mailbox for this login\r\n"
                             : "-ERR [SYS/TEMP] The login cannot be completed now\r\n");
            co_await farewell(client);
            log::emit(events::pop3_session_end, owner ? owner->login : "unknown", hand_over.client_address, 0,
                      0, 0, 0, owner ? std::string("system user") : owner.error().text, hand_over.session);
            co_return;
        }
        Session session(worker.loop(), *pool_, client, mail_root_.get(), settings_of(worker.settings()));
        SessionReport report = co_await session.run(owner->mailbox);
        log::emit(events::pop3_session_end, owner->login, hand_over.client_address, report.retrieved,
                  report.retrieved_octets, report.deleted, report.left, report.reason, hand_over.session);
    }

    static Task<> farewell(net::Stream& client) {
        try {
            co_await client.flush(10s);
            client.shut_down();
        } catch (const net::Closed&) {
        }
    }

    SessionSettings settings_of(const Settings& settings) const {
        SessionSettings out;
        out.idle_timeout = settings[param::pop3d_session_timeout];
        out.lock_timeout = settings[param::pop3d_lock_timeout];
        out.opening.most =
            static_cast<std::size_t>(std::max<std::int64_t>(settings[param::pop3d_message_limit], 1));
        out.opening.locking = locking_;
        out.bad_command_limit = static_cast<unsigned>(
            std::clamp<std::int64_t>(settings[param::pop3d_bad_command_limit], 1, 1'000'000));
        return out;
    }

    OwnedFd mail_root_;
    mailbox::MboxLocking locking_;
    std::unique_ptr<event::Offload> pool_;
};

}  // namespace
}  // namespace ekiden::pop3d

int main() { return ekiden::process::run<ekiden::pop3d::SessionProgram>(ekiden::ipc::Service::pop3_session); }
