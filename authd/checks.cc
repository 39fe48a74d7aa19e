#include "authd/checks.h"

#include "authd/options.h"

// How: whoever may not begin yet waits for the end of any check and looks again; the first thing to look at
// is what that check has left to be remembered. Limits: the same wrong password brought by many at once is
// checked for one after the other, for only good checks are remembered.
namespace ekiden::authd {

// A check that was begun, until it ends or its asker is gone; then the next may begin.
class Checks::Running {
  public:
    Running(Checks& checks, Share& share, std::string fingerprint)
        : checks_(checks), share_(share), fingerprint_(std::move(fingerprint)) {
        ++share_.running;
        checks_.running_.insert(fingerprint_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        --share_.running;
        checks_.running_.erase(fingerprint_);
        checks_.ended_.notify_all();
    }

  private:
    Checks& checks_;
    Share& share_;
    std::string fingerprint_;
};

Checks::Checks(event::Loop& loop, const Clock& clock, event::Offload& hashing, sasl::Nobody nobody,
               Seconds time_to_live, std::size_t capacity)
    : loop_(loop),
      hashing_(hashing),
      nobody_(std::make_shared<const sasl::Nobody>(std::move(nobody))),
      remembered_(clock, time_to_live, capacity),
      ended_(loop_) {}

Task<Result<bool>> Checks::is_right(std::string address, std::string account, std::string stored_hash,
                                    Secret password) {
    bool exists = !stored_hash.empty();
    if (exists && remembered_.knows(account, stored_hash, password)) co_return true;
    Place place(shares_, address);
    if (place.share().here > limits::checks_per_address)
        co_return temporary("too many logins of this address at once");
    std::string fingerprint = remembered_.fingerprint(account, stored_hash, password);
    while (place.share().running >= hashing_.threads() || running_.contains(fingerprint)) {
        bool notified = co_await ended_.wait(limits::check_wait);
        if (!notified) co_return temporary("password checks take too long now");
        if (exists && remembered_.knows(account, stored_hash, password)) co_return true;
    }
    Running running(*this, place.share(), std::move(fingerprint));
    ++computed_;
    auto check = [stored_hash, nobody = nobody_, password] {
        return stored_hash.empty() ? nobody->verify(password) : sasl::verify_password(stored_hash, password);
    };
    Result<bool> right = co_await hashing_.run(std::move(check));
    // Kept under the hash that was checked: should the account have another by now, this is never found.
    if (right && *right && exists) remembered_.remember(account, stored_hash, password);
    co_return right;
}

}  // namespace ekiden::authd
