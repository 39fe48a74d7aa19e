#pragma once
// TLS by OpenSSL, which is included here and nowhere else. A context is made once from PEM text (master hands
// it over; no worker opens a file); a session belongs to one Stream. TLS 1.2 is the least, renegotiation and
// compression are off.
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/secret.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ekiden::net {

// What a log line and a Received: header say about a session: "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256.
struct TlsFacts {
    std::string version;
    std::string cipher;
    int bits = 0;
};

class TlsContext {
  public:
    // Server side. `certificates`: leaf first, then its chain; `service` keeps sessions of services apart.
    static Result<TlsContext> server(std::string_view certificates, const Secret& key,
                                     std::string_view service);
    // Client side, opportunistic: the peer's certificate is not verified.
    static Result<TlsContext> client();
    // The versions of sessions that begin from now on: each "TLSv1.2" or "TLSv1.3". Malformed for others.
    Result<> limit_versions(std::string_view lowest, std::string_view highest);

    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;
    ~TlsContext();

  private:
    friend class TlsSession;
    explicit TlsContext(ssl_ctx_st* context);
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

// One TLS connection over a non-blocking descriptor. Every call does what it can and says what it waits for.
class TlsSession {
  public:
    enum class Wait { none, readable, writable, closed };
    struct Moved {
        std::size_t octets;
        Wait wait;  // `none`: octets were moved
    };

    // `server_name` (client side): sent as SNI; empty: none.
    static Result<TlsSession> accept(const TlsContext& context, int fd);
    static Result<TlsSession> connect(const TlsContext& context, int fd, const std::string& server_name);

    TlsSession(TlsSession&&) noexcept;
    TlsSession& operator=(TlsSession&&) noexcept;
    ~TlsSession();

    // `closed`: the handshake failed; error() says why.
    Wait handshake();
    Moved read(char* into, std::size_t size);
    Moved write(std::string_view octets);
    // Sends the close alert, without waiting for the peer's.
    void close();
    TlsFacts facts() const;
    const std::string& error() const { return error_; }

  private:
    explicit TlsSession(ssl_st* ssl);
    Wait wait_for(int result);
    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    std::unique_ptr<ssl_st, Free> ssl_;
    std::string error_;
};

}  // namespace ekiden::net
