#pragma once
// The two MD5 proofs of old mail programs. Both need the clear secret on the server, and MD5 is weak: they
// are only for accounts whose administrator enabled them.
#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/secret.h"

namespace ekiden::sasl {

// RFC 1939 §7: MD5 over the whole challenge (angle brackets included) followed by the secret; 32 lower-case
// hex digits.
std::string apop_digest(std::string_view challenge, const Secret& secret);

// RFC 2195 §2: HMAC-MD5 of the challenge under the secret; 32 lower-case hex digits.
std::string cram_md5_digest(std::string_view challenge, const Secret& secret);

// BLAKE2b under a key, of 16 to 64 octets: proves that we made the text.
std::string keyed_digest(std::string_view text, const Secret& key, std::size_t size);

}  // namespace ekiden::sasl
