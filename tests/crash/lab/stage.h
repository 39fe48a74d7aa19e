#pragma once
// The queue on its stage: the real spool, writer, queue and intake, the real delivery into Maildirs; around
// them a house made up for the purpose, a router that knows a handful of addresses and another host that says
// yes or no. One process has the files that in an installation belong to manager and local-delivery, so that
// one list of its system calls is the history of the disk.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/base/owned_fd.h"
#include "common/log/logger.h"
#include "local-delivery/batches.h"
#include "queue/manager/intake.h"
#include "queue/manager/queue.h"
#include "tests/crash/lab/ledger.h"

namespace ekiden::crash {

// Spool and mail exist, are empty at first, and are known to the disk; scratch is not part of it.
struct Roots {
    std::string spool;
    std::string mail;
    std::string scratch;
};

class House : public queue::Outside {
  public:
    House(event::Loop& loop, OwnedFd mail, Ledger& ledger, bool defer);

    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) override;
    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport transport, ipc::Deliver order) override;

  private:
    Task<Result<ipc::RecipientOutcome>> into_mailbox(ipc::Deliver order);
    ipc::RecipientOutcome at_other_host(const ipc::Deliver& order, const ipc::DeliveryRecipient& recipient);

    event::Loop& loop_;
    OwnedFd mail_;
    Ledger& ledger_;
    bool defer_;                      // the first attempt for `later` has to wait
    std::set<std::string> deferred_;  // those that had it
    const local_delivery::MailboxSettings settings_;
    local_delivery::Batches batches_;
};

class Stage : public log::Sink {
  public:
    // `defer`: as with House. Nothing is delivered before start().
    static Result<std::unique_ptr<Stage>> open(const Roots& roots, Ledger& ledger, bool defer);
    ~Stage() override;
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // The spool itself, until start().
    queue::Spool& spool() { return *spool_; }
    void start();

    // Runs until nothing is in memory any more. False: not in time.
    bool settle();
    // Lets all that is due, or deferred, be tried until only what is on hold is in the queue.
    bool drain();
    // In the queue: on hold and not; negative when that cannot be read now.
    struct Count {
        std::int64_t held = 0, moving = 0;
    };
    Count messages();
    // One command on a message, or on all where `id` is empty; how many it changed.
    Result<std::uint64_t> change(ipc::QueueVerb verb, const std::string& id);
    // Later ledgers say `removed MARK` when the log says that this message is removed.
    void watch(const std::string& id, const std::string& mark) { marks_[id] = mark; }

    event::Loop& loop() { return loop_; }
    ManualClock& clock() { return clock_; }
    queue::Intake& intake() { return *intake_; }
    queue::Queue& queue() { return *queue_; }

  private:
    Stage(Ledger& ledger, queue::Spool spool, OwnedFd mail, bool defer);
    bool run_until(const std::function<bool()>& condition, Milliseconds time);
    void write(const log::Line& line) override;

    Ledger& ledger_;
    ManualClock clock_;
    event::Loop loop_;
    std::map<std::string, std::string> marks_;
    std::optional<queue::Spool> spool_;
    std::unique_ptr<House> house_;
    std::unique_ptr<queue::Writer> writer_;
    std::unique_ptr<queue::Queue> queue_;
    std::unique_ptr<queue::Intake> intake_;
};

}  // namespace ekiden::crash
