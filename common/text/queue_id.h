#pragma once
// Queue ids in Postfix's long form: seconds since 1970 in base 52 (six digits or
// more), microseconds in base 52 (four digits), 'z', and a number in base 51, which has no 'z'. Log tools and
// administrators know the form. Where Postfix has an inode stands a sequence number that is never given twice
// (docs/queue-states.md); it alone makes the id unique, the time is for people. Only the form is here; who
// gives numbers out is queue/manager's business.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::text {

struct QueueId {
    std::int64_t time_us = 0;   // UTC, microseconds since 1970; not negative
    std::int64_t sequence = 0;  // positive

    bool operator==(const QueueId&) const = default;
};

// 64-bit numbers need at most 12 + 4 + 1 + 12 characters.
inline constexpr std::size_t queue_id_limit = 32;

std::string print(const QueueId& id);
// Nothing when `id` is not exactly what print() writes; so an id is safe as a file name.
std::optional<QueueId> parse_queue_id(std::string_view id);

}  // namespace ekiden::text
