#pragma once
// Which delivery starts next. Each destination (transport and next hop) has a window of deliveries that may
// run at once; it grows with success and shrinks when the destination itself fails, and a destination that
// fails as often as its window is wide is dead for a while. Transports take turns, so do the destinations of
// a transport and the messages of a destination: a mailing to ten thousand does not stand before the next
// message to one. Holds only numbers; no clock but what is passed in, no I/O. Bounded by what is put in: the
// caller bounds the mail that is active.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/spool/message.h"

namespace ekiden::queue {

struct DestinationKey {
    std::string transport;
    std::string next_hop;
    auto operator<=>(const DestinationKey&) const = default;
};

struct SchedulerLimits {
    int initial_concurrency = 5;             // initial_destination_concurrency
    int concurrency = 20;                    // default_destination_concurrency_limit
    int local_concurrency = 2;               // local_destination_concurrency_limit
    int recipients = 50;                     // default_destination_recipient_limit
    int transport = 100;                     // default_process_limit: deliveries of a transport at once
    std::int64_t dead_for_us = 300'000'000;  // minimal_backoff_time
    std::size_t dead_destinations = 10'000;  // remembered at most
};

struct Delivery {
    std::int64_t id = 0;  // names this delivery to finish()
    Sequence message = 0;
    DestinationKey destination;
    std::vector<std::int64_t> recipients;  // numbers
};

// A message's recipients that will not be tried now.
struct Postponed {
    Sequence message = 0;
    std::vector<std::int64_t> recipients;
};

class Scheduler {
  public:
    explicit Scheduler(const SchedulerLimits& limits = {}) : limits_(limits) {}
    // For what starts from now on.
    void set_limits(const SchedulerLimits& limits) { limits_ = limits; }

    // Why a destination is dead at `now_us` (steady), or nothing when it may be tried.
    std::optional<std::string> dead(const DestinationKey& destination, std::int64_t now_us) const;
    // Recipients of a message wait for a destination that is not dead. Numbers must not be waiting already.
    void add(Sequence message, const DestinationKey& destination, std::vector<std::int64_t> recipients);
    // The next delivery to start, if there is room for any.
    std::optional<Delivery> next();

    // The destination answered, whatever it said about the recipients.
    void succeeded(std::int64_t delivery);
    // The destination could not be used (no connection, bad greeting, lost). When that made it dead,
    // everything that waits for it is given back and must be postponed by the caller.
    std::vector<Postponed> failed(std::int64_t delivery, const std::string& reason, std::int64_t now_us);
    // Nothing was learnt about the destination (the deliverer died).
    void abandoned(std::int64_t delivery);

    // Forgets the waiting recipients of a message; what is under way goes on.
    void withdraw(Sequence message);
    // An operator's flush: dead destinations may be tried again.
    void revive() { dead_.clear(); }

    std::size_t running() const { return running_.size(); }
    std::size_t destinations() const { return destinations_.size(); }
    // The window of a destination that has mail; for tests and status.
    double window(const DestinationKey& destination) const;

  private:
    struct Job {
        Sequence message = 0;
        std::deque<std::int64_t> recipients;
    };
    struct Destination {
        DestinationKey key;
        double window = 0;
        double failures = 0;  // in windows: 1 makes it dead
        int running = 0;
        bool queued = false;  // stands in its transport's line
        std::deque<Job> jobs;
        bool ready() const { return !jobs.empty() && running < static_cast<int>(window); }
    };
    struct Transport {
        std::deque<Destination*> line;
        int running = 0;
    };
    struct Dead {
        std::int64_t until_us = 0;
        std::string reason;
    };

    int widest(const DestinationKey& key) const;
    Delivery take(Destination& destination);
    Destination& finish(std::int64_t delivery);
    void line_up(Destination& destination);
    void forget_if_idle(Destination& destination);
    void bury(const Destination& destination, const std::string& reason, std::int64_t now_us);

    SchedulerLimits limits_;
    std::map<DestinationKey, Destination> destinations_;  // addresses of its elements are stable
    std::map<std::string, Transport> transports_;
    std::string last_transport_;  // the one that had its turn
    std::unordered_map<std::int64_t, Destination*> running_;
    std::map<DestinationKey, Dead> dead_;
    std::int64_t next_delivery_ = 1;
};

}  // namespace ekiden::queue
