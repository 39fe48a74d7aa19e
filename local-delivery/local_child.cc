// The delivery process of one user of this host and one scope, from fork to the end of the channel. One
// thread does the work: two would only wait for each other at the same mailbox.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "common/event/offload.h"
#include "common/log/events.h"
#include "common/process/sandbox.h"
#include "local-delivery/children.h"
#include "local-delivery/expansion.h"
#include "local-delivery/local_outcome.h"
#include "local-delivery/user_mailbox.h"

namespace ekiden::local_delivery {
namespace {

constexpr std::size_t waiting_limit = 10'000;

// Confined like a program that opens files and nothing else.
constexpr process::Row child_row{ipc::Service::local_delivery, "local-delivery", "local", nullptr,
                                 /*empty_root=*/false,
                                 /*internet=*/false,
                                 /*unix_datagrams=*/false,
                                 /*children=*/false,
                                 /*speaks_tls=*/false,
                                 /*reloads_in_place=*/false};

class LocalChild {
  public:
    LocalChild(pid_t parent, const Scope& scope, const ChildSettings& settings)
        : scope_(scope), settings_(settings.local), confined_(become_and_confine(parent, settings.as_root)) {}

    int live(OwnedFd channel, pid_t parent) {
        pool_.emplace(loop_, 1u, waiting_limit);  // after the confinement
        ipc::Dispatcher dispatcher;
        dispatcher.answer<ipc::Deliver>(
            [this](ipc::Deliver message, ipc::Sender) { return deliver(std::move(message)); });
        ipc::Sender manager{ipc::Service::manager, 0, 0, parent, "qmgr"};
        ipc::Channel from_parent(loop_, std::move(channel), ipc::Service::local_delivery, manager, dispatcher,
                                 [this](ipc::Channel&) { loop_.stop(); });
        loop_.run();
        return 0;
    }

  private:
    Result<> become_and_confine(pid_t parent, bool as_root) {
        if (as_root)
            if (Result<> became = process::become(scope_.uid, scope_.gid, groups_of(scope_, settings_));
                !became)
                return became;
        if (!process::die_with_parent(parent)) return temporary("the parent is gone");
        tzset();  // the host's zone, for the dates in mboxes, while it can be read
        // As the user: a home on a network is not root's to look at.
        reach_.emplace(scope_, settings_);
        return process::confine(child_row, {reach_->readable(), reach_->writable()});
    }

    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Deliver message) {
        // A process that could not be confined delivers nothing and says why; the parent then ends it.
        if (!confined_) co_return pass(confined_);
        if (message.recipients.size() != 1) co_return malformed("a delivery to a mailbox has one recipient");
        // The job may outlive the question: it owns the message.
        auto order = std::make_shared<const ipc::Deliver>(std::move(message));
        auto work = [this, order]() -> Result<ipc::RecipientOutcome> {
            if (!reach_->still_holds()) return temporary("a directory is not the one that it was");
            return outcome_of(*order);
        };
        Result<ipc::RecipientOutcome> done = co_await pool_->run(std::move(work));
        if (!done) co_return pass(done);
        ipc::DeliveryOutcome outcome{};
        outcome.recipients.push_back(std::move(*done));
        co_return outcome;
    }

    ipc::RecipientOutcome outcome_of(const ipc::Deliver& message) const {
        const ipc::DeliveryRecipient& recipient = message.recipients.front();
        using Kind = Scope::Kind;
        bool asks_forward = recipient.destination == ipc::Destination::user ||
                            recipient.destination == ipc::Destination::forward_file;
        switch (scope_.kind) {
            case Kind::home:
                return asks_forward ? expand_forward(recipient, scope_.account(), settings_)
                                    : deliver_to_home(message, scope_.account(), settings_);
            case Kind::spool: return deliver_to_spool(message, scope_.account(), settings_);
            case Kind::file: return deliver_to_file(message, settings_);
            case Kind::list: return expand_list(recipient, settings_);
            case Kind::mailboxes: break;
        }
        return local_outcome(recipient, ipc::DeliveryStatus::deferred, "4.3.5", "not a task of this process");
    }

    const Scope scope_;
    const LocalSettings& settings_;
    std::optional<Reach> reach_;
    Result<> confined_;
    event::Loop loop_;
    std::optional<event::Offload> pool_;
};

}  // namespace

int run_local_child(OwnedFd channel, pid_t parent, const Scope& scope, const ChildSettings& settings) {
    log::set_sink(nullptr);  // the parent's way to the logger is not ours
    close_others(channel.get());
    signal(SIGCHLD, SIG_DFL);
    return LocalChild(parent, scope, settings).live(std::move(channel), parent);
}

}  // namespace ekiden::local_delivery
