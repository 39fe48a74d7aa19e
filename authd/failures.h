#pragma once
// Bad logins: how many an address (IPv6: its /64) and a user had lately, how long the answer to the next one
// is held back, and from when on an address is not listened to at all. A user is never locked out, only a
// guesser slowed down: good logins are answered at once whatever is counted for their name.
#include <cstddef>
#include <string>
#include <string_view>

#include "authd/bounded_table.h"
#include "common/accounts/login_options.h"
#include "common/base/clock.h"

namespace ekiden::authd {

using accounts::FailurePolicy;

class Failures {
  public:
    Failures(const Clock& clock, FailurePolicy policy, std::size_t capacity);

    // Whether the address had so many bad logins that its logins are refused unseen.
    bool refused(std::string_view address);
    // Counts a bad login and tells how long its answer is to be held back: the base delay, doubled with each
    // bad login of the address before it, and the longest at once for a name that is being guessed at.
    Milliseconds record(std::string_view address, std::string_view user);
    std::int64_t of_address(std::string_view address);
    std::int64_t of_user(std::string_view user);
    void set_policy(FailurePolicy policy) { policy_ = policy; }

  private:
    struct Window {
        std::int64_t started_us = 0;  // steady time
        std::int64_t count = 0;
    };
    std::int64_t count(BoundedTable<Window>& table, const std::string& key);
    std::int64_t add(BoundedTable<Window>& table, const std::string& key);

    const Clock& clock_;
    FailurePolicy policy_;
    BoundedTable<Window> addresses_;
    BoundedTable<Window> users_;
};

}  // namespace ekiden::authd
