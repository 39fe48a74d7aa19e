#include "common/net/tls_library.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>

#include <memory>

namespace ekiden::net {

std::string tls_version_at_build() { return OPENSSL_VERSION_TEXT; }

std::string tls_version_now() { return OpenSSL_version(OPENSSL_VERSION); }

std::vector<std::string> tls_key_algorithms() {
    constexpr std::pair<const char*, const char*> known[] = {{"dsa", "DSA"}, {"ecdsa", "EC"}, {"rsa", "RSA"}};
    std::vector<std::string> there;
    for (auto [name, of_library] : known) {
        std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
            EVP_PKEY_CTX_new_from_name(nullptr, of_library, nullptr), EVP_PKEY_CTX_free);
        if (context) there.emplace_back(name);
    }
    return there;
}

}  // namespace ekiden::net
