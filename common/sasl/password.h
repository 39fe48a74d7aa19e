#pragma once
// Stored passwords: Argon2id hashes in the usual $argon2id$… text form. Checking one is slow on purpose (tens
// of milliseconds and megabytes), so it belongs on an offload pool; authd remembers good checks
// (remembered.h). A name that does not exist must cost the same as one that does: verify_nobody.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::sasl {

// What one check costs. The defaults are libsodium's "interactive": about 0.1 s.
struct HashCost {
    std::uint64_t passes = 2;
    std::uint64_t memory_kib = 65536;
};

namespace limits {
inline constexpr std::size_t password = 1024;  // octets; longer ones are refused before any work is done
}

// Hashes a new password under a fresh salt. Denied: empty, too long or with a NUL. Temporary: no memory.
Result<std::string> hash_password(const Secret& password, HashCost cost);

// Whether the password is the one that was hashed. A hash that is not of our form is never right.
bool verify_password(std::string_view hash, const Secret& password);

// Whether the hash was made with another cost than wanted now, and should be made again at the next good
// login.
bool needs_rehash(std::string_view hash, HashCost cost);

// The cost of a check for accounts that do not exist or have no password.
class Nobody {
  public:
    explicit Nobody(HashCost cost);
    // Takes as long as verify_password; always false.
    bool verify(const Secret& password) const;
    // What stands in the place of a stored hash.
    const std::string& hash() const { return hash_; }

  private:
    std::string hash_;
};

}  // namespace ekiden::sasl
