#include "common/sasl/password.h"

#include <fmt/format.h>
#include <sodium.h>

#include "common/sasl/random.h"
#include "common/text/base64.h"

#include <algorithm>

namespace ekiden::sasl {
namespace {

std::size_t memory_octets(HashCost cost) {
    return std::max<std::size_t>(cost.memory_kib * 1024, crypto_pwhash_argon2id_MEMLIMIT_MIN);
}

std::uint64_t passes(HashCost cost) {
    return std::max<std::uint64_t>(cost.passes, crypto_pwhash_argon2id_OPSLIMIT_MIN);
}

// libsodium reads a C string and, in some calls, the whole array of STRBYTES.
bool padded(std::string_view hash, char (&out)[crypto_pwhash_argon2id_STRBYTES]) {
    if (hash.size() >= sizeof out || !hash.starts_with(crypto_pwhash_argon2id_STRPREFIX)) return false;
    std::ranges::fill(out, '\0');
    std::ranges::copy(hash, out);
    return true;
}

bool acceptable(std::string_view password) {
    return !password.empty() && password.size() <= limits::password && !password.contains('\0');
}

}  // namespace

Result<std::string> hash_password(const Secret& password, HashCost cost) {
    std::string_view clear = password.reveal();
    if (clear.empty()) return denied("an empty password is not allowed");
    if (!acceptable(clear)) return denied("the password is longer than 1024 octets or holds a NUL");
    char hash[crypto_pwhash_argon2id_STRBYTES];
    if (crypto_pwhash_argon2id_str(hash, clear.data(), clear.size(), passes(cost), memory_octets(cost)) != 0)
        return temporary("not enough memory to hash a password");
    return std::string(hash);
}

bool verify_password(std::string_view hash, const Secret& password) {
    char stored[crypto_pwhash_argon2id_STRBYTES];
    std::string_view clear = password.reveal();
    if (!acceptable(clear) || !padded(hash, stored)) return false;
    return crypto_pwhash_argon2id_str_verify(stored, clear.data(), clear.size()) == 0;
}

bool needs_rehash(std::string_view hash, HashCost cost) {
    char stored[crypto_pwhash_argon2id_STRBYTES];
    if (!padded(hash, stored)) return true;
    return crypto_pwhash_argon2id_str_needs_rehash(stored, passes(cost), memory_octets(cost)) != 0;
}

// A hash in the stored form that no password has, made without hashing: its digest is random.
Nobody::Nobody(HashCost cost) {
    auto unpadded = [](std::size_t octets) {
        std::string text = text::base64_encode(random_octets(octets));
        return text.substr(0, text.find('='));
    };
    hash_ = fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", memory_octets(cost) / 1024, passes(cost),
                        unpadded(crypto_pwhash_argon2id_SALTBYTES), unpadded(32));
}

bool Nobody::verify(const Secret& password) const {
    (void)verify_password(hash_, password);
    return false;
}

}  // namespace ekiden::sasl
