#include "common/sasl/remembered.h"

#include <sodium.h>

#include "common/sasl/random.h"

namespace ekiden::sasl {
namespace {

void add(crypto_generichash_state& state, std::string_view octets) {
    // The length first, so that no two triples give the same stream.
    std::uint64_t size = octets.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(octets.data()), octets.size());
}

}  // namespace

RememberedChecks::RememberedChecks(const Clock& clock, Seconds time_to_live, std::size_t capacity)
    : clock_(clock),
      time_to_live_(time_to_live),
      capacity_(capacity),
      key_(random_octets(crypto_generichash_KEYBYTES)) {}

std::string RememberedChecks::fingerprint(std::string_view account, std::string_view stored_hash,
                                          const Secret& password) const {
    crypto_generichash_state state;
    std::string_view key = key_.reveal();
    crypto_generichash_init(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                            crypto_generichash_BYTES);
    add(state, account);
    add(state, stored_hash);
    add(state, password.reveal());
    std::string result(crypto_generichash_BYTES, '\0');
    crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(result.data()), result.size());
    sodium_memzero(&state, sizeof state);
    return result;
}

bool RememberedChecks::knows(std::string_view account, std::string_view stored_hash, const Secret& password) {
    auto entry = entries_.find(std::string(account));
    if (entry == entries_.end()) return false;
    if (entry->second.until_us <= clock_.steady_us()) {
        erase(entry);
        return false;
    }
    if (!equal_in_constant_time(entry->second.digest, fingerprint(account, stored_hash, password)))
        return false;
    by_use_.splice(by_use_.end(), by_use_, entry->second.used);
    return true;
}

void RememberedChecks::remember(std::string_view account, std::string_view stored_hash,
                                const Secret& password) {
    if (time_to_live_.count() <= 0 || capacity_ == 0) return;
    forget(account);
    if (entries_.size() >= capacity_) erase(entries_.find(by_use_.front()));
    by_use_.emplace_back(account);
    std::int64_t until = clock_.steady_us() + std::chrono::microseconds(time_to_live_).count();
    entries_.emplace(account,
                     Entry{fingerprint(account, stored_hash, password), until, std::prev(by_use_.end())});
}

void RememberedChecks::forget(std::string_view account) {
    auto entry = entries_.find(std::string(account));
    if (entry != entries_.end()) erase(entry);
}

void RememberedChecks::forget_all() {
    entries_.clear();
    by_use_.clear();
}

void RememberedChecks::erase(std::unordered_map<std::string, Entry>::iterator entry) {
    by_use_.erase(entry->second.used);
    entries_.erase(entry);
}

}  // namespace ekiden::sasl
