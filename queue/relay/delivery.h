#pragma once
// One delivery: a message to the recipients of one next hop. It finds a session (an idle one, or the next
// target that greets), says the transaction, and goes on with another host for the recipients that are still
// open, until all are settled, the limits of a delivery are reached, or no host is left. What is open then is
// deferred. A probe asks each recipient's host with MAIL FROM and RCPT TO, and takes its word there for the
// outcome.
#include <string>
#include <vector>

#include "common/ipc/messages/delivery.h"
#include "queue/relay/connection_cache.h"
#include "queue/relay/route.h"

namespace ekiden::relay {

// What deliveries share; all of it outlives them.
struct Context {
    event::Loop& loop;
    const Policy& policy;
    dns::Resolver& resolver;
    Connector& connector;
    ConnectionCache& cache;
    const Clock& clock;
    const dns::RandomBelow& random_below;
};

class Delivery {
  public:
    Delivery(Context context, ipc::Deliver request);
    // An outcome for each recipient, each also logged. Never throws net::Closed.
    Task<ipc::DeliveryOutcome> run();

  private:
    enum class Step : std::uint8_t {
        done,   // no recipient is open, or no other host must be tried
        next,   // another host may do better
        stale,  // the idle session had ended: nothing was tried
    };
    struct Recipient {
        bool open = true;
        Failure failure;  // the last one, where open
        ipc::RecipientOutcome outcome;
    };

    Task<> deliver(NextHop hop);
    Task<Step> over_idle_session();
    Task<Step> try_target(NextHop hop, dns::MailTarget target);
    Task<Step> over(std::unique_ptr<Session> session);
    Step judge(const Session& session, const smtp::Transaction& transaction,
               const std::vector<std::size_t>& numbers);
    void check_addresses();
    void check_offers(const Session& session);
    std::vector<std::size_t> open_recipients() const;
    bool any_open() const;
    void fail(Recipient& recipient, const Failure& failure);
    void fail_open(const Failure& failure);
    void settle(Recipient& recipient, ipc::DeliveryStatus status, const Failure& why);
    void log_interim();
    ipc::DeliveryOutcome finish();
    std::string destination() const;

    Context context_;
    ipc::Deliver request_;
    std::vector<Recipient> recipients_;
    std::vector<net::IpAddress> tried_;  // addresses that got as far as a transaction
    std::size_t addresses_tried_ = 0;
    std::size_t sessions_used_ = 0;
    std::uint32_t connection_use_ = 0;
    std::int64_t started_us_ = 0;
    std::int64_t ready_us_ = 0;  // when the last session was ready
    std::int64_t wall_started_us_ = 0;
};

}  // namespace ekiden::relay
