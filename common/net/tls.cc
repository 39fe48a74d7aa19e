#include "common/net/tls.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace ekiden::net {
namespace {

std::string openssl_error() {
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unexpected end of the connection";
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : fmt::format("OpenSSL error {:x}", code);
}

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Bio memory(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Result<> use_certificates(SSL_CTX* context, std::string_view pem) {
    Bio bio = memory(pem);
    Certificate leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
        return malformed("no certificate in PEM form: " + openssl_error());
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        Certificate link(next);
        if (SSL_CTX_add1_chain_cert(context, link.get()) != 1)
            return malformed("certificate chain: " + openssl_error());
    }
    ERR_clear_error();  // the end of the file is reported as an error
    return {};
}

Result<> use_key(SSL_CTX* context, const Secret& pem) {
    Bio bio = memory(pem.reveal());
    // No pass phrase: there is nobody to ask.
    auto no_phrase = [](char*, int, int, void*) { return 0; };
    std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
    if (!key) return malformed("no private key in PEM form (or one with a pass phrase): " + openssl_error());
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return malformed("the private key does not belong to the certificate: " + openssl_error());
    return {};
}

void common_settings(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // RELEASE_BUFFERS: an idle session keeps about 10 KiB instead of 40.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);  // a record takes one system call instead of two
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

// 0 for what is not used here.
int version_number(std::string_view name) {
    return name == "TLSv1.2" ? TLS1_2_VERSION : name == "TLSv1.3" ? TLS1_3_VERSION : 0;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
TlsContext::TlsContext(ssl_ctx_st* context) : context_(context) {}
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

Result<TlsContext> TlsContext::server(std::string_view certificates, const Secret& key,
                                      std::string_view service) {
    TlsContext result(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* context = result.context_.get();
    if (!context) return temporary("TLS: " + openssl_error());
    common_settings(context);
    SSL_CTX_set_session_id_context(
        context, reinterpret_cast<const unsigned char*>(service.data()),
        static_cast<unsigned>(std::min<std::size_t>(service.size(), SSL_MAX_SID_CTX_LENGTH)));
    SSL_CTX_set_num_tickets(context, 1);
    Result<> used = use_certificates(context, certificates);
    if (used) used = use_key(context, key);
    if (!used) return pass(used);
    return result;
}

Result<TlsContext> TlsContext::client() {
    TlsContext result(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = result.context_.get();
    if (!context) return temporary("TLS: " + openssl_error());
    common_settings(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return result;
}

Result<> TlsContext::limit_versions(std::string_view lowest, std::string_view highest) {
    const int from = version_number(lowest), to = version_number(highest);
    if (from == 0 || to == 0 || from > to)
        return malformed(fmt::format("TLS versions {} to {}: must be TLSv1.2 or TLSv1.3", lowest, highest));
    SSL_CTX_set_min_proto_version(context_.get(), from);
    SSL_CTX_set_max_proto_version(context_.get(), to);
    return {};
}

void TlsSession::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }
TlsSession::TlsSession(ssl_st* ssl) : ssl_(ssl) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

Result<TlsSession> TlsSession::accept(const TlsContext& context, int fd) {
    TlsSession session(SSL_new(context.context_.get()));
    if (!session.ssl_ || SSL_set_fd(session.ssl_.get(), fd) != 1) return temporary("TLS: " + openssl_error());
    SSL_set_accept_state(session.ssl_.get());
    return session;
}

Result<TlsSession> TlsSession::connect(const TlsContext& context, int fd, const std::string& server_name) {
    TlsSession session(SSL_new(context.context_.get()));
    if (!session.ssl_ || SSL_set_fd(session.ssl_.get(), fd) != 1) return temporary("TLS: " + openssl_error());
    SSL_set_connect_state(session.ssl_.get());
    if (!server_name.empty()) SSL_set_tlsext_host_name(session.ssl_.get(), server_name.c_str());
    return session;
}

TlsSession::Wait TlsSession::wait_for(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return Wait::readable;
        case SSL_ERROR_WANT_WRITE: return Wait::writable;
        case SSL_ERROR_ZERO_RETURN: return Wait::closed;
        default: error_ = openssl_error(); return Wait::closed;
    }
}

TlsSession::Wait TlsSession::handshake() {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? Wait::none : wait_for(result);
}

TlsSession::Moved TlsSession::read(char* into, std::size_t size) {
    ERR_clear_error();
    std::size_t octets = 0;
    int result = SSL_read_ex(ssl_.get(), into, size, &octets);
    if (result == 1) return {octets, Wait::none};
    return {0, wait_for(result)};
}

TlsSession::Moved TlsSession::write(std::string_view octets) {
    ERR_clear_error();
    std::size_t written = 0;
    int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &written);
    if (result == 1) return {written, Wait::none};
    return {0, wait_for(result)};
}

void TlsSession::close() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

TlsFacts TlsSession::facts() const {
    return {SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()),
            SSL_get_cipher_bits(ssl_.get(), nullptr)};
}

}  // namespace ekiden::net
