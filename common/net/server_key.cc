#include "common/net/server_key.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "common/text/ascii.h"

namespace ekiden::net {
namespace {

constexpr std::uint64_t fewest_bits = 2048, most_bits = 16384;
constexpr int days = 36525;  // a hundred years
constexpr int serial_octets = 16;

template <auto free_it>
struct Free {
    void operator()(auto* object) const { free_it(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

std::unexpected<Error> failed(const std::string& what) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return permanent(what + ": " + text.data());
}

std::string text_of(const Memory& memory) {
    char* data = nullptr;
    long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<Key> read_key(const Secret& pem) {
    std::string_view text = pem.reveal();
    Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    // A key under a passphrase is refused: nobody could be asked for it at start.
    Key key(
        PEM_read_bio_PrivateKey(memory.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
    if (!key) return failed("this is no private key without a passphrase, in PEM");
    return key;
}

// Names are checked by who calls: this language has commas and colons of its own.
Extension extension(int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, nullptr, nullptr, nullptr, nullptr, 0);
    return Extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
}

std::string alternative_names(const std::vector<std::string>& hosts) {
    std::string names;
    for (const std::string& host : hosts) names += (names.empty() ? "DNS:" : ",DNS:") + host;
    return names;
}

bool name_it(X509* certificate, const std::string& host) {
    X509_NAME* name = X509_get_subject_name(certificate);
    // RFC 5280: a common name holds 64 characters; the longer ones are among the alternative names alone.
    auto octets = reinterpret_cast<const unsigned char*>(host.data());
    bool named = host.size() > 64 || X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, octets,
                                                                static_cast<int>(host.size()), -1, 0) == 1;
    return named && X509_set_issuer_name(certificate, name) == 1;
}

bool number_it(X509* certificate) {
    Number number(BN_new());
    return number && BN_rand(number.get(), serial_octets * 8 - 1, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool date_it(X509* certificate) {
    return X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nullptr) != nullptr;
}

bool extend(X509* certificate, const std::vector<std::string>& hosts) {
    std::pair<int, std::string> extensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                                {NID_ext_key_usage, "serverAuth,clientAuth"},
                                                {NID_subject_alt_name, alternative_names(hosts)}};
    for (const auto& [id, value] : extensions) {
        Extension made = extension(id, value);
        if (!made || X509_add_ext(certificate, made.get(), -1) != 1) return false;
    }
    return true;
}

}  // namespace

Result<Secret> make_key(KeyAlgorithm algorithm, const std::string& bits) {
    Key key;
    if (algorithm == KeyAlgorithm::rsa) {
        auto count = bits.empty() ? std::optional(fewest_bits) : text::parse_number(bits);
        if (!count || *count < fewest_bits || *count > most_bits)
            return malformed(fmt::format("{}: an RSA key has {} to {} bits", text::printable(bits, 40),
                                         fewest_bits, most_bits));
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(*count)));
    } else {
        std::string curve = bits.empty() || bits == "secp256r1" ? "prime256v1" : bits;
        if (curve != "prime256v1" && curve != "secp384r1" && curve != "secp521r1")
            return malformed(text::printable(bits, 40) + ": one of secp256r1, secp384r1, secp521r1");
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
    }
    Memory memory(BIO_new(BIO_s_secmem()));
    if (!key || !memory ||
        PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return failed("cannot make a key");
    return Secret(text_of(memory));
}

Result<KeyAlgorithm> algorithm_of(const Secret& pem) {
    Result<Key> key = read_key(pem);
    if (!key) return pass(key);
    if (EVP_PKEY_is_a(key->get(), "RSA")) return KeyAlgorithm::rsa;
    if (EVP_PKEY_is_a(key->get(), "EC")) return KeyAlgorithm::ecdsa;
    return malformed("the key is neither of RSA nor of ECDSA");
}

Result<std::string> self_signed(const Secret& pem, const std::vector<std::string>& hosts) {
    Result<Key> key = read_key(pem);
    if (!key) return pass(key);
    Certificate made(X509_new());
    bool signed_it = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && number_it(made.get()) &&
                     date_it(made.get()) && name_it(made.get(), hosts.front()) &&
                     X509_set_pubkey(made.get(), key->get()) == 1 && extend(made.get(), hosts) &&
                     X509_sign(made.get(), key->get(), EVP_sha256()) > 0;
    Memory memory(BIO_new(BIO_s_mem()));
    if (!signed_it || !memory || PEM_write_bio_X509(memory.get(), made.get()) != 1)
        return failed("cannot make a certificate");
    return text_of(memory);
}

Result<std::string> signing_request(const Secret& pem, const std::vector<std::string>& hosts) {
    Result<Key> key = read_key(pem);
    if (!key) return pass(key);
    Request made(X509_REQ_new());
    Extension names = extension(NID_subject_alt_name, alternative_names(hosts));
    Extension usage = extension(NID_ext_key_usage, "serverAuth,clientAuth");
    std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)> all(
        sk_X509_EXTENSION_new_null(),
        [](STACK_OF(X509_EXTENSION) * stack) { sk_X509_EXTENSION_free(stack); });
    bool signed_it = made && names && usage && all && sk_X509_EXTENSION_push(all.get(), usage.get()) > 0 &&
                     sk_X509_EXTENSION_push(all.get(), names.get()) > 0 &&
                     X509_REQ_set_pubkey(made.get(), key->get()) == 1 &&
                     X509_REQ_add_extensions(made.get(), all.get()) == 1 &&
                     X509_REQ_sign(made.get(), key->get(), EVP_sha256()) > 0;
    Memory memory(BIO_new(BIO_s_mem()));
    if (!signed_it || !memory || PEM_write_bio_X509_REQ(memory.get(), made.get()) != 1)
        return failed("cannot make a request");
    return text_of(memory);
}

Result<std::string> public_key_digest(const Secret& pem) {
    Result<Key> key = read_key(pem);
    if (!key) return pass(key);
    unsigned char* encoded = nullptr;
    int length = i2d_PUBKEY(key->get(), &encoded);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    bool done = length > 0 && EVP_Digest(encoded, static_cast<std::size_t>(length), digest.data(), &size,
                                         EVP_sha256(), nullptr) == 1;
    OPENSSL_free(encoded);
    if (!done) return failed("cannot hash the public key");
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

}  // namespace ekiden::net
