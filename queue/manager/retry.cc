// Postfix's rule: wait as long as the message is old, within minimal_backoff_time and maximal_backoff_time.
// So intervals double without a counter.
#include "queue/manager/retry.h"

#include <algorithm>

namespace ekiden::queue {
namespace {

constexpr std::int64_t longest_gap = 86400;

}  // namespace

std::int64_t age_at(const StoredMessage& message, std::int64_t now) {
    return message.age + std::clamp<std::int64_t>(now - message.seen, 0, longest_gap);
}

std::int64_t next_attempt(const RetryPolicy& policy, std::int64_t age, std::int64_t now) {
    std::int64_t minimum = std::max<std::int64_t>(1, policy.minimal_backoff.count());
    std::int64_t maximum = std::max(minimum, static_cast<std::int64_t>(policy.maximal_backoff.count()));
    return now + std::clamp(age, minimum, maximum);
}

bool expired(const RetryPolicy& policy, const StoredMessage& message, std::int64_t age) {
    if (message.expire) return true;
    Seconds lifetime = message.envelope.sender.empty() ? policy.bounce_lifetime : policy.maximal_lifetime;
    return age >= lifetime.count();
}

bool warning_due(const RetryPolicy& policy, const StoredMessage& message, std::int64_t age) {
    return policy.delay_warning.count() > 0 && !message.warned && message.kind == Kind::mail &&
           !message.envelope.sender.empty() && age >= policy.delay_warning.count();
}

}  // namespace ekiden::queue
