#include "common/sasl/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <array>

#include "common/text/base64.h"

namespace ekiden::sasl {
namespace {

std::string hex_of(const std::array<unsigned char, EVP_MAX_MD_SIZE>& digest, unsigned size) {
    return text::hex_encode({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

std::string apop_digest(std::string_view challenge, const Secret& secret) {
    Secret input{std::string(challenge)};
    input.raw() += secret.reveal();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(input.reveal().data(), input.reveal().size(), digest.data(), &size, EVP_md5(), nullptr);
    return hex_of(digest, size);
}

std::string cram_md5_digest(std::string_view challenge, const Secret& secret) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_md5(), secret.reveal().data(), static_cast<int>(secret.reveal().size()),
         reinterpret_cast<const unsigned char*>(challenge.data()), challenge.size(), digest.data(), &size);
    return hex_of(digest, size);
}

std::string keyed_digest(std::string_view text, const Secret& key, std::size_t size) {
    std::string digest(size, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       reinterpret_cast<const unsigned char*>(key.reveal().data()), key.reveal().size());
    return digest;
}

}  // namespace ekiden::sasl
