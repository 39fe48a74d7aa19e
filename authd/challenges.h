#pragma once
// APOP challenges (RFC 1939 §7), handed to the fronts in batches. A challenge proves itself (a keyed digest
// is part of it), so those that are never used cost nothing here and those that a front still holds stay good
// when authd is restarted; used ones are remembered until they are too old, so that none is good twice.
#include <cstddef>
#include <string>
#include <string_view>

#include "authd/bounded_table.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::authd {

namespace limits {
inline constexpr std::size_t challenge_batch = 1000;
inline constexpr Seconds challenge_age = std::chrono::hours(24 * 7);
}  // namespace limits

class Challenges {
  public:
    // `key` is the same at each start. `capacity`: used challenges remembered; past it the one used first is
    // forgotten.
    Challenges(const Clock& clock, Secret key, std::string host_name, std::size_t capacity);

    // "<random.seconds.proof@host>", a msg-id of RFC 822.
    std::string issue() const;
    // Denied: not ours, older than a week, or used before.
    Result<> use(std::string_view challenge);

  private:
    std::string proof(std::string_view body) const;

    const Clock& clock_;
    Secret key_;
    std::string host_name_;
    BoundedTable<bool> used_;
};

}  // namespace ekiden::authd
