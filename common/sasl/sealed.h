#pragma once
// Secrets that must be read back (APOP, CRAM-MD5), sealed with XChaCha20-Poly1305 under a key in a file of
// its own: the database alone, or a backup of it, gives nobody a password. The account's name is bound in, so
// that a sealed secret moved to another row does not open.
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::sasl {

class SealingKey {
  public:
    // Reads the key file (32 octets); makes it (mode 0600, random, synced) when it is not there. Denied:
    // others may read it. Malformed: not 32 octets.
    static Result<SealingKey> load_or_create(const std::string& path);

    // A fresh nonce, then the sealed octets.
    std::string seal(const Secret& secret, std::string_view account) const;
    // Denied when it was not sealed under this key for this account.
    Result<Secret> open(std::string_view sealed, std::string_view account) const;

    // A key of its own for another purpose, the same at each start; it does not tell this one.
    Secret derive(std::string_view purpose) const;

  private:
    explicit SealingKey(Secret key) : key_(std::move(key)) {}
    Secret key_;
};

}  // namespace ekiden::sasl
