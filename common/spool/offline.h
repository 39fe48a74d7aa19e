#pragma once
// The queue while no manager runs: a tool of the administrator's asks it what it would ask the manager. It
// takes the manager's lock for changes, so that neither begins while the other is at work.
#include <string>

#include "common/ipc/messages/queue.h"
#include "common/spool/spool.h"

namespace ekiden::queue {

class OfflineQueue {
  public:
    // Of the spool in `directory` ($queue_directory/queue); the process should have the rights of its owner.
    // Errors: as those of Spool::open.
    static Result<OfflineQueue> open(const std::string& directory);
    static Result<OfflineQueue> open_to_read(const std::string& directory);

    Result<ipc::QueuePage> ask(const ipc::ListQueue& question);
    Result<ipc::QueuedMessage> ask(const ipc::ReadMessage& question);
    Result<ipc::ChangedMessages> ask(const ipc::ChangeQueue& order);
    Result<ipc::QueueFindings> ask(const ipc::CheckQueue& order);

  private:
    explicit OfflineQueue(Spool spool) : spool_(std::move(spool)) {}
    Result<bool> apply(Command::Verb verb, Sequence sequence);
    Result<> check_structure(ipc::QueueFindings& findings);

    Spool spool_;
};

}  // namespace ekiden::queue
