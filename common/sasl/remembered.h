#pragma once
// Good password checks, remembered for a bounded time, so that a mail program that logs in every minute pays
// for Argon2id once. What is kept is a digest under a key that lives in this process's memory alone; it
// covers the stored hash too, so a changed password is forgotten by itself. Bad checks are never remembered.
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/secret.h"

namespace ekiden::sasl {

class RememberedChecks {
  public:
    // At most `capacity` accounts; the one not used for longest gives way. A time-to-live of 0 remembers
    // nothing.
    RememberedChecks(const Clock& clock, Seconds time_to_live, std::size_t capacity);

    // Whether exactly this password was found right against exactly this stored hash within the time-to-live.
    bool knows(std::string_view account, std::string_view stored_hash, const Secret& password);
    // Call after a check that was good.
    void remember(std::string_view account, std::string_view stored_hash, const Secret& password);
    void forget(std::string_view account);
    void forget_all();
    std::size_t size() const { return entries_.size(); }
    // What stands for these three in tables: equal for equal claims, of no use to whoever reads it.
    std::string fingerprint(std::string_view account, std::string_view stored_hash,
                            const Secret& password) const;

  private:
    struct Entry {
        std::string digest;
        std::int64_t until_us;  // steady time
        std::list<std::string>::iterator used;
    };
    void erase(std::unordered_map<std::string, Entry>::iterator entry);

    const Clock& clock_;
    Seconds time_to_live_;
    std::size_t capacity_;
    Secret key_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> by_use_;  // least recently used first
};

}  // namespace ekiden::sasl
