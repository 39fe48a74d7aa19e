// local-delivery: delivery into virtual mailboxes and to users of this host. This parent stays root to become
// the owners of mailboxes in its children (children.h); it reads fixed-form messages from the manager and no
// mail.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/deadline.h"
#include "common/config/name_service.h"
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "common/process/sandbox.h"
#include "common/text/delay.h"
#include "local-delivery/command_starter.h"
#include "local-delivery/users.h"

namespace ekiden::local_delivery {
namespace {

std::string_view word_for(ipc::DeliveryStatus status, bool probe) {
    if (probe) return status == ipc::DeliveryStatus::sent ? "deliverable" : "undeliverable";
    switch (status) {
        case ipc::DeliveryStatus::sent: return "sent";
        case ipc::DeliveryStatus::deferred: return "deferred";
        case ipc::DeliveryStatus::bounced: return "bounced";
        case ipc::DeliveryStatus::expanded: return "expanded";
    }
    return "deferred";
}

class DeliveryProgram final : public process::Program {
  public:
    // As one user the suite makes its own mail root; with users of their own that is the installation's
    // business.
    Result<> open(process::Worker& worker) override {
        const std::string& base = worker.settings()[param::virtual_mailbox_base];
        if (!worker.as_root() && mkdir(base.c_str(), 0700) != 0 && errno != EEXIST)
            return system_error("cannot create virtual_mailbox_base " + base, errno);
        Result<mailbox::MboxLocking> locking =
            mailbox::mbox_locking(worker.settings(), param::virtual_mailbox_lock);
        if (!locking) return pass(locking);
        locking_ = *locking;
        Result<LocalSettings> local = local_settings(worker.settings(), worker.as_root() && geteuid() == 0);
        if (!local) return pass(local);
        local_ = std::move(*local);
        worker.paths().unix_connections = config::prepare_to_ask_for_users();
        if (worker.as_root())
            if (Result<> kept = process::keep_only({CAP_SETUID, CAP_SETGID}); !kept) return kept;
        // With the parent's capabilities, without its filter.
        Result<StarterEnd> starter = fork_command_starter(local_);
        if (!starter) return pass(starter);
        starter_ = std::move(*starter);
        return {};
    }

    void serve(process::Worker& worker) override {
        const Settings& settings = worker.settings();
        ChildSettings child;
        child.as_root = worker.as_root() && geteuid() == 0;
        child.minimum_uid = static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(settings[param::virtual_minimum_uid], 1, 0xfffffffe));
        child.mail_root = settings[param::virtual_mailbox_base];
        child.timeout = settings[param::delivery_timeout];
        child.mailbox.host = settings[param::myhostname];
        child.mailbox.message_limit =
            static_cast<std::uint64_t>(std::max<std::int64_t>(settings[param::virtual_mailbox_limit], 0));
        child.mailbox.flush = settings[param::maildir_fsync];
        child.mailbox.locking = locking_;
        all_done_.emplace(worker.loop());
        child.local = local_;
        children_ = std::make_unique<Children>(worker.loop(), std::move(child));
        commands_ = std::make_unique<CommandStarter>(worker.loop(), std::move(starter_), local_,
                                                     [] { starter_lost(); });
        users_ = std::make_unique<Users>(
            *children_, local_, [this](ipc::Deliver message) { return commands_->run(std::move(message)); });
        worker.answer<ipc::Deliver>(
            [this](ipc::Deliver message, ipc::Sender) { return deliver(std::move(message)); });
    }

    // Deliveries under way come to their end, so that their outcome is known and not asked for again; then
    // the processes that made them.
    Task<> finish(process::Worker&, Milliseconds time) override {
        const Deadline deadline(time);
        if (!co_await all_done_->until([this] { return under_way_ == 0; }, time)) co_return;
        users_.reset();
        commands_.reset();
        co_await children_->end(deadline.left());
        children_.reset();
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        return {{"children", std::to_string(children_ ? children_->size() : 0)},
                {"deliveries", std::to_string(deliveries_)},
                {"under_way", std::to_string(under_way_)}};
    }

  private:
    struct UnderWay {
        explicit UnderWay(DeliveryProgram& the_program) : program(the_program) { ++program.under_way_; }
        UnderWay(const UnderWay&) = delete;
        UnderWay& operator=(const UnderWay&) = delete;
        ~UnderWay() {
            if (--program.under_way_ == 0) program.all_done_->notify_all();
        }
        DeliveryProgram& program;
    };

    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Deliver message) {
        if (!children_) co_return temporary("this delivery process is ending");
        if (message.recipients.size() != 1) co_return malformed("a delivery to a mailbox has one recipient");
        UnderWay under_way(*this);
        std::int64_t started = system_clock().wall_us();
        std::int64_t started_steady = system_clock().steady_us();
        std::string queue_id = message.queue_id;
        std::int64_t arrival = message.arrival;
        bool probe = message.probe;
        ipc::DeliveryRecipient recipient = message.recipients.front();
        ipc::DeliveryOutcome outcome{};
        Task<ipc::RecipientOutcome> delivery = recipient.destination == ipc::Destination::address
                                                   ? children_->deliver(std::move(message))
                                                   : users_->deliver(std::move(message));
        ipc::RecipientOutcome done = co_await std::move(delivery);
        std::int64_t took = system_clock().steady_us() - started_steady;
        std::int64_t waited = std::max<std::int64_t>(started - arrival, 0);
        tell(queue_id, recipient, done, word_for(done.status, probe), waited, took);
        ++deliveries_;
        outcome.transmission_us = static_cast<std::uint64_t>(took);
        outcome.recipients.push_back(std::move(done));
        co_return outcome;
    }

    // What expands is told by the manager, once that is recorded.
    static void tell(const std::string& queue_id, const ipc::DeliveryRecipient& recipient,
                     const ipc::RecipientOutcome& done, std::string_view word, std::int64_t waited,
                     std::int64_t took) {
        std::string original = recipient.original == recipient.address ? std::string() : recipient.original;
        std::string delay = text::print_delay(waited + took);
        std::string delays = text::print_delays(waited, 0, 0, took);
        if (recipient.destination == ipc::Destination::address)
            log::emit(events::delivery, queue_id, recipient.address, original, done.relay, "", delay, delays,
                      done.dsn, word, done.text);
        else if (done.status != ipc::DeliveryStatus::expanded)
            log::emit(events::local_delivery, queue_id, recipient.address, original, done.relay, delay,
                      delays, done.dsn, word, done.text);
    }

    // This process can make no other one; master starts a new delivery process, which can.
    [[noreturn]] static void starter_lost() {
        log::emit(events::command_starter_lost);
        _exit(EX_TEMPFAIL);
    }

    mailbox::MboxLocking locking_;
    std::optional<event::Signal> all_done_;
    LocalSettings local_;
    StarterEnd starter_{0, OwnedFd()};
    std::unique_ptr<Children> children_;
    std::unique_ptr<CommandStarter> commands_;
    std::unique_ptr<Users> users_;
    std::size_t under_way_ = 0;
    std::uint64_t deliveries_ = 0;
};

}  // namespace
}  // namespace ekiden::local_delivery

int main() {
    return ekiden::process::run<ekiden::local_delivery::DeliveryProgram>(
        ekiden::ipc::Service::local_delivery);
}
