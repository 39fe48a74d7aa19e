#pragma once
// Deliveries of one process, in batches: whatever waits when a thread is free is delivered together and
// shares the flushes (mailbox::deliver_all). One message alone starts at once. A message whose mbox another
// program has locked waits for its next attempt without a thread.
#include <deque>
#include <memory>
#include <optional>

#include "common/event/gate.h"
#include "common/event/loop.h"
#include "common/event/offload.h"
#include "local-delivery/mailbox_delivery.h"

namespace ekiden::local_delivery {

class Batches {
  public:
    // After the process is confined. `mail_root` and `settings` outlive this.
    Batches(event::Loop& loop, int mail_root, const MailboxSettings& settings);

    // The message has one recipient. Temporary: too much waits already.
    Task<Result<ipc::RecipientOutcome>> deliver(ipc::Deliver message);

  private:
    struct Job {
        Job(event::Loop& loop, ipc::Deliver m) : message(std::move(m)), done(loop) {}
        ipc::Deliver message;
        std::optional<Result<MailboxOutcome>> outcome;
        event::Signal done;
    };
    Task<Result<MailboxOutcome>> attempt(std::shared_ptr<Job> job);
    Task<> work();

    event::Loop& loop_;
    const int mail_root_;
    const MailboxSettings& settings_;
    std::deque<std::shared_ptr<Job>> waiting_;
    event::Signal arrived_;
    event::Offload pool_;
    event::Gate gate_;
};

}  // namespace ekiden::local_delivery
