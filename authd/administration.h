#pragma once
// Commands of ekiuser and ekipop that come over the public socket. The first word names the tool: "user" (the
// verbs of accounts/commands.h) or "grants" (list, add, revoke, flush). Whoever may send them was decided by
// the socket.
#include <memory>
#include <string>
#include <vector>

#include "authd/grants.h"
#include "authd/logins.h"
#include "authd/storage.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/auth.h"

namespace ekiden::authd {

class Administration {
  public:
    struct Parts {
        const Clock& clock;
        event::Offload& thread;
        std::shared_ptr<Storage> storage;
        Grants& grants;
        GrantSaver& saver;
        Logins& logins;
    };
    Administration(Parts parts, accounts::CommandPolicy policy)
        : parts_(std::move(parts)), policy_(std::move(policy)) {}

    Task<Result<ipc::AdminReply>> run(ipc::AdminCommand command, ipc::Sender sender);
    // Before any change: publishes the directory, and takes the accounts as they are for known. Waits for the
    // disk.
    void begin();
    // Another process changed the accounts, or a publication failed: the directory is not as it should be.
    // Our own changes are published as they are made.
    Task<bool> out_of_date();
    // Publishes the directory; what fails is tried again by who asks out_of_date().
    Task<> publish();
    void configure(accounts::CommandPolicy policy) { policy_ = std::move(policy); }

  private:
    using Words = std::vector<std::string>;
    Task<ipc::AdminReply> user(Words words, std::optional<Secret> password);
    Task<ipc::AdminReply> grants(Words words);
    ipc::AdminReply list_grants();
    ipc::AdminReply add_grant(const Words& words);
    ipc::AdminReply revoke_grants(const Words& words);
    void note(const Result<>& published);

    std::int64_t version_ = 0;  // of the accounts, as others changed them
    bool unpublished_ = false;

    Parts parts_;
    accounts::CommandPolicy policy_;
};

}  // namespace ekiden::authd
