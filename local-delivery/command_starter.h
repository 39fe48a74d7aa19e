#pragma once
// The process that starts commands. A user's command must be able to use setgid programs (ekidrop behind
// sendmail), and to make any system call: so it cannot descend from a process under no_new_privs and a
// filter, as the delivery parent is. The starter is forked before the parent confines itself, hears the
// parent alone, parses nothing but the fixed form of `deliver`, looks each user up itself, and forks a
// process for each command, which becomes the user before it touches the message.
#include <sys/types.h>

#include "common/base/owned_fd.h"
#include "common/event/loop.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/delivery.h"
#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

struct StarterEnd {
    pid_t pid;
    OwnedFd channel;  // the parent's end
};

// Forks it. Where main.cf lets nobody run commands there is none: the channel is then empty.
Result<StarterEnd> fork_command_starter(const LocalSettings& settings);

// The parent's view of it.
class CommandStarter {
  public:
    // `lost` is called when the starter is gone. `settings` outlive this.
    CommandStarter(event::Loop& loop, StarterEnd end, const LocalSettings& settings,
                   std::function<void()> lost);
    // Runs `target` of the message's recipient as its `user`.
    Task<Result<ipc::RecipientOutcome>> run(ipc::Deliver message);

  private:
    const LocalSettings& settings_;
    ipc::Dispatcher no_questions_;
    std::unique_ptr<ipc::Channel> channel_;
};

}  // namespace ekiden::local_delivery
