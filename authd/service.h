#pragma once
// authd as its peers see it: one handler for each message of common/ipc/messages/auth.h, over the tables and
// the storage. The handlers know nothing of channels; main.cc and the tests connect them to a Dispatcher.
#include <functional>
#include <memory>
#include <string>

#include "authd/administration.h"
#include "authd/challenges.h"
#include "authd/exchanges.h"
#include "authd/failures.h"
#include "authd/grants.h"
#include "authd/logins.h"
#include "authd/options.h"
#include "authd/rates.h"
#include "authd/storage.h"
#include "authd/tickets.h"
#include "common/event/gate.h"
#include "common/event/offload.h"
#include "common/ipc/channel.h"

namespace ekiden::authd {

// Who owns mailboxes whose account says nothing else; looked up before the sandbox.
struct MailboxIdentity {
    std::uint32_t uid;
    std::uint32_t gid;
};

// Asks the PAM helper about a user of the system.
using AskSystem = std::function<Task<Result<ipc::SystemAnswer>>(ipc::CheckSystemPassword)>;

class Service {
  public:
    // Starts its threads: construct it after the sandbox.
    Service(event::Loop& loop, const Clock& clock, Options options, std::shared_ptr<Storage> storage,
            MailboxIdentity mailboxes, sasl::Nobody nobody, AskSystem ask_system = nullptr);

    // Puts all handlers in; they keep the service alive. `target`: an ipc::Dispatcher or a process::Worker.
    template <class Target>
    static void answer_on(Target& target, std::shared_ptr<Service> self);
    // Reads the grants of the last run and publishes the directory; call before serving. Waits for the disk.
    void begin();
    // What is to be done every few seconds: notices accounts changed by others, drops what is old. Never
    // ends.
    Task<> keep_house();
    // Of that: takes over what another process changed in the accounts.
    Task<> follow_accounts();
    // A worker is gone: what it had open here ends.
    void peer_lost(const ipc::Sender& sender);
    // Takes new settings in place; connections, grants and remembered checks stay.
    void configure(Options options);

    // --- the handlers ---
    Task<Result<ipc::AuthAnswer>> start(ipc::AuthStart question, ipc::Sender sender);
    Task<Result<ipc::AuthAnswer>> proceed(ipc::AuthContinue question, ipc::Sender sender);
    Task<Result<ipc::AuthAnswer>> password_login(ipc::PasswordLogin question, ipc::Sender sender);
    Task<Result<ipc::AuthAnswer>> apop_login(ipc::ApopLogin question, ipc::Sender sender);
    Task<Result<ipc::ApopChallenges>> challenges(ipc::TakeApopChallenges question, ipc::Sender sender);
    Task<Result<ipc::Mechanisms>> mechanisms(ipc::ListMechanisms question, ipc::Sender sender);
    Task<Result<ipc::MailboxOwner>> redeem(ipc::RedeemTicket question, ipc::Sender sender);
    Task<Result<ipc::GrantVerdict>> check_grant(ipc::CheckGrant question, ipc::Sender sender);
    Task<Result<ipc::SenderVerdict>> check_sender(ipc::CheckSenderOwner question, ipc::Sender sender);
    Task<Result<ipc::ClientCounts>> count_client(ipc::CountClient question, ipc::Sender sender);
    Task<Result<ipc::AdminReply>> administer(ipc::AdminCommand command, ipc::Sender sender);
    void cancel(const ipc::AuthCancel& message, const ipc::Sender& sender);
    void client_gone(const ipc::ClientGone& message, const ipc::Sender& sender);

    // Waits until all changes of grants are kept.
    Task<> finish();
    // For `ekiden status`: how much of everything there is.
    std::vector<ipc::NamedValue> counters() const;

  private:
    void end_grants_of_changed_accounts(bool since_the_last_run);
    Task<ipc::AuthAnswer> advance(Exchange exchange, std::optional<Secret> response);
    // The accounts and the user of the system to whom an address belongs.
    Result<std::vector<std::string>> owners_of(const std::string& address);
    bool offered(const sasl::MechanismInfo& mechanism, std::string_view service) const;

    event::Loop& loop_;
    const Clock& clock_;
    Options options_;
    std::shared_ptr<Storage> storage_;
    MailboxIdentity mailboxes_;
    Failures failures_;
    Tickets tickets_;
    Grants grants_;
    Rates rates_;
    Challenges challenges_;
    Exchanges exchanges_;
    event::Offload storage_thread_;
    event::Offload hashing_;
    GrantSaver saver_;
    Logins logins_;
    Administration administration_;
};

template <class Target>
void Service::answer_on(Target& target, std::shared_ptr<Service> self) {
    auto answer = [&target,
                   &self]<class M>(Task<Result<typename M::Reply>> (Service::*handler)(M, ipc::Sender)) {
        target.template answer<M>([self, handler](M message, ipc::Sender sender) {
            return (self.get()->*handler)(std::move(message), std::move(sender));
        });
    };
    answer.template operator()<ipc::AuthStart>(&Service::start);
    answer.template operator()<ipc::AuthContinue>(&Service::proceed);
    answer.template operator()<ipc::PasswordLogin>(&Service::password_login);
    answer.template operator()<ipc::ApopLogin>(&Service::apop_login);
    answer.template operator()<ipc::TakeApopChallenges>(&Service::challenges);
    answer.template operator()<ipc::ListMechanisms>(&Service::mechanisms);
    answer.template operator()<ipc::RedeemTicket>(&Service::redeem);
    answer.template operator()<ipc::CheckGrant>(&Service::check_grant);
    answer.template operator()<ipc::CheckSenderOwner>(&Service::check_sender);
    answer.template operator()<ipc::CountClient>(&Service::count_client);
    answer.template operator()<ipc::AdminCommand>(&Service::administer);
    target.template hear<ipc::AuthCancel>(
        [self](ipc::AuthCancel message, const ipc::Sender& sender) { self->cancel(message, sender); });
    target.template hear<ipc::ClientGone>(
        [self](ipc::ClientGone message, const ipc::Sender& sender) { self->client_gone(message, sender); });
}

}  // namespace ekiden::authd
