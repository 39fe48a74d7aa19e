#pragma once
// When a deferred message is tried again, how old it is, and when that is too old. Pure functions of what the
// spool holds and the time; docs/queue-states.md section 5 says why age is counted and not subtracted.
#include <cstdint>

#include "common/base/clock.h"
#include "common/spool/message.h"

namespace ekiden::queue {

struct RetryPolicy {
    Seconds minimal_backoff{300};
    Seconds maximal_backoff{4000};
    Seconds maximal_lifetime{5 * 86400};  // maximal_queue_lifetime
    Seconds bounce_lifetime{5 * 86400};   // bounce_queue_lifetime, for mail with the null sender
    Seconds delay_warning{0};             // delay_warning_time; 0: none is sent
};

// Seconds in the queue at `now` (UTC): each gap between passes counts for at most a day, and never for less
// than nothing.
std::int64_t age_at(const StoredMessage& message, std::int64_t now);
// The next attempt of a message of that age: as far ahead as it is old, within the bounds, so that intervals
// grow.
std::int64_t next_attempt(const RetryPolicy& policy, std::int64_t age, std::int64_t now);
// A pass that ended with somebody waiting was the last one.
bool expired(const RetryPolicy& policy, const StoredMessage& message, std::int64_t age);
// The sender has to be told now that the message waits.
bool warning_due(const RetryPolicy& policy, const StoredMessage& message, std::int64_t age);

}  // namespace ekiden::queue
