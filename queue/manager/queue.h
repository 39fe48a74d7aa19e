#pragma once
// The queue: takes mail in, brings what is due into memory, lets it be resolved and delivered, records
// outcomes, tells senders. It joins the spool (writer.h), the scheduler and the rest of the house (Outside).
// Everything here is on the loop's thread; the order of events on disk is docs/queue-states.md.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/event/gate.h"
#include "common/event/loop.h"
#include "common/ipc/messages/delivery.h"
#include "common/ipc/messages/queue.h"
#include "common/ipc/messages/router.h"
#include "queue/manager/active.h"
#include "queue/manager/notices.h"
#include "queue/manager/retry.h"
#include "queue/manager/scheduler.h"
#include "queue/manager/writer.h"

namespace ekiden::queue {

struct QueueSettings {
    RetryPolicy retry;
    SchedulerLimits limits;
    NoticePolicy notices;
    std::size_t active_messages = 20'000;    // qmgr_message_active_limit
    std::size_t active_recipients = 20'000;  // qmgr_message_recipient_limit
    Seconds run_delay{300};                  // queue_run_delay
    std::int64_t needed_free = 0;            // octets free in the spool below which intake stops
    bool soft_bounce = false;
    Milliseconds record_again{2000};  // after an outcome that could not be recorded
};

// The rest of the house, as the queue needs it. A failed Result means that the other side is not there.
class Outside {
  public:
    virtual ~Outside() = default;
    virtual Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) = 0;
    virtual Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport transport, ipc::Deliver order) = 0;
};

class Queue {
  public:
    // All must outlive it. Nothing happens before start().
    Queue(event::Loop& loop, const Clock& clock, Writer& writer, Outside& outside, QueueSettings settings);
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue();

    // Begins with what the spool holds: whatever was active when the last manager ended is due at once.
    void start();
    void reconfigure(QueueSettings settings);

    // Ids that were never given and never will be again.
    Task<Result<std::vector<text::QueueId>>> reserve_ids(std::size_t count);
    // Temporary when mail is not taken now: the disk is too full, or too much waits to be written.
    Result<> intake_open();
    // Done when the message is durable; from then on it is ours. False: its maildrop file was taken before,
    // and this is dropped. An error: nothing is left of it.
    Task<Result<bool>> accept(NewMessage message);
    // Pickup's files that are gone for good: all but `keep`.
    Task<Result<>> forget_drops(std::vector<std::string> keep);

    // The operator's view and commands (ekiqueue, ekicat, ekisuper).
    Task<Result<ipc::QueuePage>> list(ipc::ListQueue question);
    Task<Result<ipc::QueuedMessage>> read(ipc::ReadMessage question);
    Task<Result<ipc::ChangedMessages>> change(ipc::ChangeQueue order);
    // `first`: the first number that this process gives; content files below it are not being received.
    Task<Result<ipc::QueueFindings>> check(ipc::CheckQueue order, Sequence first);

    // Starts no more deliveries, waits up to `time` for those under way, then until all is recorded.
    Task<> finish(Milliseconds time);

    // Looks at the clock now; for tests that move it.
    void poke() { wake_loader(); }
    std::size_t active() const { return active_.size(); }
    std::size_t under_way() const { return scheduler_.running(); }

  private:
    // queue.cc: how mail gets into memory
    void admit(NewMessage message);
    Active& enter(StoredMessage message);
    void forget(Sequence sequence);
    bool room() const;
    Active* find(Sequence sequence);
    Task<> load();
    Task<> load_fresh();
    Task<Milliseconds> load_due();
    void wake_loader();
    void rewind(std::int64_t next_attempt);

    // queue_delivery.cc: where it goes, and how it gets there
    Task<> activate(Sequence sequence);
    void dispatch(Active& active, std::size_t first);
    void wake_pump();
    Task<> pump();
    Task<> run(Delivery delivery);
    Task<Result<>> give_content(const Active& active, ipc::Deliver& order);
    ipc::Deliver order_for(Active& active, const Delivery& delivery);
    void take_outcome(const Delivery& delivery, Result<ipc::DeliveryOutcome> outcome);
    void postpone(Active& active, std::vector<std::int64_t> numbers, const std::string& status,
                  const std::string& why);
    void settle(Active& active, std::vector<RecipientOutcome> outcomes);
    void record(Active& active);
    Task<> keep_outcomes(Settle operation);
    void log_outcome(const Active& active, const RecipientOutcome& outcome, std::string_view relay = "none");
    Task<Result<>> find_ways(Active& active, ipc::ResolveRecipients question,
                             std::vector<std::size_t> places);

    // queue_expand.cc: what aliases and .forward files make of a recipient
    struct Known;
    struct Expansion {
        struct Final {
            ipc::ResolvedRecipient resolved;
            Recipient recipient;
        };
        std::vector<Final> finals;
        std::map<std::string, std::vector<Recipient>> forwarded;  // by sender
    };
    Task<bool> expand(Active& active, const ipc::Resolution& resolution,
                      const std::vector<std::size_t>& places);
    void take_route(Active& active, std::size_t place, const ipc::ResolvedRecipient& resolved);
    void take_final_route(Active& active, std::size_t place);
    Task<Result<Known>> known_of(const Active& active);
    Task<Result<NewMessage>> forwarded(const Active& active, const Recipient& from, std::string sender,
                                       std::vector<Recipient> recipients);
    Task<Result<std::string>> record_expansion(Active& active, std::size_t place, Expansion expansion,
                                               Known& known);
    Task<> take_expansions(Active& active, ipc::DeliveryOutcome& outcome);
    Task<Result<ipc::ResolvedRecipient>> mailbox_way(const Active& active, std::string address);
    Task<Result<std::string>> take_expansion(Active& active, ipc::RecipientOutcome& outcome);
    Task<Result<Expansion>> expansion_of(const Active& active, ipc::RecipientOutcome& outcome);
    void log_forwarded(const Active& active, const Recipient& recipient, const std::string& ids);

    // queue_verify.cc: what only asks, and the reports to those who asked
    Task<Result<>> explore(Active& active, ipc::Resolution resolution, std::vector<std::size_t> places);
    void take_answers(Active& active, std::size_t place,
                      const std::vector<const ipc::ResolvedRecipient*>& answers, bool follows,
                      std::vector<std::size_t>& next);
    void take_found(Active& active, std::size_t from, Expansion expansion, std::vector<std::size_t>* next);
    std::optional<std::size_t> add_found(Active& active, std::size_t from, Recipient found);
    void forwards_to(Active& active, std::size_t place);
    Task<Settle> conclude_probe(Active& active);
    Task<std::vector<Recipient>> done_before(const Active& active);
    std::vector<Letter> letters_of_report(const Active& active, const std::vector<Recipient>& before);

    // queue_pass.cc: the end of a pass
    Task<> end_pass(Sequence sequence);
    Task<std::int64_t> make_durable(Settle& settle);
    void unblock();
    Task<Settle> conclude(Active& active);
    Task<> write_notices(Active& active, std::vector<Letter> letters, Settle& settle, std::int64_t age);
    Task<std::string> read_original(const Active& active, bool& whole);
    void log_notices(const Active& active, const Settle& settle);
    void drop_notice(const Active& active, const std::vector<const Recipient*>& failed);

    // queue_operator.cc
    Task<Result<ipc::ChangedMessages>> flush(std::string site);
    Task<std::vector<Result<std::int64_t>>> apply_to(std::vector<text::QueueId> ids, Command::Verb verb);
    void take_notice(ipc::QueueVerb verb, const text::QueueId& id);
    Task<Result<>> check_structure(ipc::QueueFindings& findings);
    void withdraw(Sequence sequence);

    event::Loop& loop_;
    const Clock& clock_;
    Writer& writer_;
    Outside& outside_;
    QueueSettings settings_;
    Scheduler scheduler_;
    std::map<Sequence, std::unique_ptr<Active>> active_;
    std::size_t recipients_ = 0;  // in memory
    std::size_t cached_ = 0;      // octets of content in memory
    std::size_t accepting_ = 0;   // messages on their way to disk that will be active
    bool finishing_ = false;
    int blocked_ = 0;  // outcomes that cannot be recorded: nothing is delivered
    int ending_ = 0;   // passes that are over and not recorded as such yet
    std::vector<std::pair<Sequence, Sequence>> blocks_;  // sequence numbers not given yet: from, up to
    DueCursor cursor_;
    bool loader_wanted_ = false;
    bool pump_wanted_ = false;
    std::int64_t space_checked_us_ = -1;
    std::int64_t free_ = 0;
    bool intake_stopped_ = false;  // said so in the log
    event::Signal loader_signal_, pump_signal_, recorded_, room_;
    event::Gate gate_;
};

}  // namespace ekiden::queue
