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
    // Accounts were changed, perhaps by another process: publishes the directory.
    Task<Result<>> publish();
    void configure(accounts::CommandPolicy policy) { policy_ = std::move(policy); }

  private:
    using Words = std::vector<std::string>;
    Task<ipc::AdminReply> user(Words words, std::optional<Secret> password);
    Task<ipc::AdminReply> grants(Words words);
    ipc::AdminReply list_grants();
    ipc::AdminReply add_grant(const Words& words);
    ipc::AdminReply revoke_grants(const Words& words);

    Parts parts_;
    accounts::CommandPolicy policy_;
};

}  // namespace ekiden::authd
