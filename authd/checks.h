#pragma once
// Whether a password is right for a stored hash, at a bounded cost: good checks are remembered, the same
// password for the same account is checked once however many connections bring it at once (a mail program
// opens several, and after a restart everybody comes back), and one address takes up only its share of the
// hashing threads: what it brings beyond that waits its turn.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/event/loop.h"
#include "common/event/offload.h"
#include "common/sasl/password.h"
#include "common/sasl/remembered.h"

namespace ekiden::authd {

class Checks {
  public:
    Checks(event::Loop& loop, const Clock& clock, event::Offload& hashing, sasl::Nobody nobody,
           Seconds time_to_live, std::size_t capacity);

    // `stored_hash` empty: there is no such account; the work and the time are those of a wrong password.
    // Temporary: too much waits for its check already, or it took too long.
    Task<Result<bool>> is_right(std::string address, std::string account, std::string stored_hash,
                                Secret password);
    // The account was changed or is gone.
    void forget(std::string_view account) { remembered_.forget(account); }
    void forget_all() { remembered_.forget_all(); }
    // Hashes computed since the start.
    std::uint64_t computed() const { return computed_; }

  private:
    struct Share {
        std::size_t here = 0;     // checks of an address, waiting or running
        std::size_t running = 0;  // of these, given to the hashing threads
    };
    // A check's entry in the table of addresses.
    class Place {
      public:
        Place(std::map<std::string, Share>& table, const std::string& address)
            : table_(table), place_(table.try_emplace(address).first) {
            ++place_->second.here;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (--place_->second.here == 0) table_.erase(place_);
        }
        Share& share() { return place_->second; }

      private:
        std::map<std::string, Share>& table_;
        std::map<std::string, Share>::iterator place_;
    };
    class Running;

    event::Loop& loop_;
    event::Offload& hashing_;
    std::shared_ptr<const sasl::Nobody> nobody_;
    sasl::RememberedChecks remembered_;
    std::map<std::string, Share> shares_;
    std::set<std::string> running_;  // fingerprints of the claims that are being checked
    event::Signal ended_;
    std::uint64_t computed_ = 0;
};

}  // namespace ekiden::authd
