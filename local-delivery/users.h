#pragma once
// The parent's part in delivery to users of this host: who is asked for what, in the order of local(8):
// .forward, the command of mailbox_command_maps or mailbox_command, home_mailbox, mail_spool_directory. It
// looks each user up itself, holds the entry against its own rules, and looks at no content.
#include <functional>

#include "local-delivery/children.h"

namespace ekiden::local_delivery {

class Users {
  public:
    // Runs the command line `target` of the message's recipient; an error: nobody knows what became of it.
    using RunCommand = std::function<Task<Result<ipc::RecipientOutcome>>(ipc::Deliver)>;

    // `children` and `settings` outlive this.
    Users(Children& children, const LocalSettings& settings, RunCommand run)
        : children_(children), settings_(settings), run_(std::move(run)) {}

    // The message has one recipient, whose destination is no address.
    Task<ipc::RecipientOutcome> deliver(ipc::Deliver message);

  private:
    Task<Result<ipc::RecipientOutcome>> deliver_as(Account account, ipc::Deliver message);
    Task<Result<ipc::RecipientOutcome>> deliver_to_mailbox(Account account, ipc::Deliver message);

    Children& children_;
    const LocalSettings& settings_;
    RunCommand run_;
};

}  // namespace ekiden::local_delivery
