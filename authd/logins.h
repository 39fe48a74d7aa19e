#pragma once
// Proving a claim: is this the user's password (or digest), and what does a good login bring: the canonical
// name, a ticket for mailbox services, a POP-before-SMTP grant that is kept before the client reads +OK. A
// bad one brings the same answer after the same time whether the name exists or not, held back by the failure
// delay; only the one who asked waits.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "authd/challenges.h"
#include "authd/checks.h"
#include "authd/failures.h"
#include "authd/grants.h"
#include "authd/options.h"
#include "authd/storage.h"
#include "authd/tickets.h"
#include "common/event/offload.h"
#include "common/ipc/messages/auth.h"
#include "common/sasl/mechanism.h"
#include "common/sasl/password.h"

namespace ekiden::authd {

class Logins {
  public:
    struct Parts {
        event::Loop& loop;
        const Clock& clock;
        event::Offload& hashing;
        std::shared_ptr<Storage> storage;
        Failures& failures;
        Tickets& tickets;
        Grants& grants;
        GrantSaver& saver;
        // Asks the PAM helper; null where there is none.
        std::function<Task<Result<ipc::SystemAnswer>>(ipc::CheckSystemPassword)> ask_system = nullptr;
    };
    Logins(Parts parts, const Options& options, sasl::Nobody nobody);

    Task<ipc::AuthAnswer> by_password(ipc::ClientFacts client, std::string method, sasl::PasswordClaim claim);
    enum class Digest { apop, cram_md5 };
    Task<ipc::AuthAnswer> by_digest(ipc::ClientFacts client, Digest kind, sasl::DigestClaim claim);
    // A refusal for another reason than the claim itself (a used challenge, a mechanism that is not offered):
    // the same delay and the same answer.
    Task<ipc::AuthAnswer> refuse(ipc::ClientFacts client, std::string method, std::string user,
                                 std::string why);

    // The user of the system whom a login or an address names, where system_accounts is on: a bare name, or
    // one in a local domain. Such a login's canonical name has no @.
    std::optional<std::string> system_name(std::string_view user) const;

    // The account was changed or is gone: what was remembered of it ends.
    void account_changed(std::string_view address);
    std::uint64_t hashes_computed() const { return checks_.computed(); }
    void forget_all() { checks_.forget_all(); }
    // The name under which an account stands, or nothing for what cannot be one.
    std::optional<std::string> canonical(std::string_view user) const;
    void configure(const Options& options);

  private:
    struct Attempt {
        ipc::ClientFacts client;
        std::string method;
        std::string user;         // as the client wrote it
        std::int64_t started_us;  // steady time
    };
    Attempt attempt(ipc::ClientFacts client, std::string method, std::string_view user) const;
    Task<ipc::AuthAnswer> fail(Attempt attempt, std::string why);
    Task<ipc::AuthAnswer> by_system(Attempt attempt, std::string name, sasl::PasswordClaim claim);
    Task<ipc::AuthAnswer> succeed(Attempt attempt, std::string login);
    Result<std::optional<accounts::Account>> usable(const std::optional<std::string>& login);
    bool digest_is_right(Digest kind, const std::optional<accounts::Account>& account,
                         const sasl::DigestClaim& claim) const;

    Parts parts_;
    Options options_;
    Checks checks_;
};

}  // namespace ekiden::authd
