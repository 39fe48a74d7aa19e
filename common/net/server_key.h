#pragma once
// Private keys and what belongs to them, as an administrator makes them: a self-signed certificate, a request
// for a signed one, the TLSA record that vouches for the key. All as PEM text; who calls writes the files.
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::net {

enum class KeyAlgorithm { rsa, ecdsa };

// `bits`: of rsa a number from 2048 to 16384, of ecdsa a curve, secp256r1 (prime256v1), secp384r1 or
// secp521r1; empty: 2048, secp256r1.
Result<Secret> make_key(KeyAlgorithm algorithm, const std::string& bits);
// What kind of key that is. Malformed: none, or of another kind.
Result<KeyAlgorithm> algorithm_of(const Secret& key);

// For these host names, the first as common name, good for a hundred years from now. Signed by the key
// itself.
Result<std::string> self_signed(const Secret& key, const std::vector<std::string>& hosts);
Result<std::string> signing_request(const Secret& key, const std::vector<std::string>& hosts);

// SHA-256 of the public key, in hexadecimal digits: what TLSA 3 1 1 holds (RFC 6698).
Result<std::string> public_key_digest(const Secret& key);

}  // namespace ekiden::net
