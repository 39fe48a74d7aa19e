#pragma once
// One client connection that plays a script: plain or TLS (OpenSSL on the same descriptor), non-blocking. It
// tells its owner of each counted operation, when it holds (an idle connection), and when it is over; the
// owner destroys it then.
#include <netinet/in.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "bench/load/loop.h"
#include "bench/load/script.h"

namespace ekiden::load {

class Connection;

class Owner {
  public:
    virtual void counted(Connection& connection) = 0;
    virtual void held(Connection& connection) = 0;
    virtual void over(Connection& connection) = 0;
    virtual void failed(Connection& connection, const std::string& why) = 0;

  protected:
    ~Owner() = default;
};

// TLS 1.3 without resumption, the server's certificate unchecked.
struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;
TlsContext make_client_context();

class Connection final : public Handler {
  public:
    Connection(Loop& loop, Owner& owner, SSL_CTX* tls, const std::string& content, Script script);
    ~Connection();

    // `source`: the client's address in host order, 0 for the kernel's choice.
    void open(const sockaddr_in& server, std::uint32_t source);
    void ready() override;

    Clock::time_point begun() const { return begun_; }
    Clock::time_point sent() const { return sent_; }  // when the step at hand was sent

  private:
    enum class State { connecting, talking, handshaking, holding, done };
    void play();          // as far as it goes now
    bool handshake();     // true: finished
    bool flush();         // true: all is written
    bool fill();          // true: something was read
    bool take_replies();  // true: the step at hand has all it waits for
    bool take_smtp_reply();
    bool take_text();
    void begin_step();
    void finish_step();
    void fail(const std::string& why);

    Loop& loop_;
    Owner& owner_;
    SSL_CTX* context_;
    const std::string& content_;
    Script script_;
    std::size_t step_ = 0;
    std::size_t replies_ = 0;  // of the step at hand
    State state_ = State::connecting;
    int descriptor_ = -1;
    SSL* tls_ = nullptr;
    std::string out_, in_;
    std::size_t written_ = 0, read_ = 0;
    Clock::time_point begun_, sent_;
};

}  // namespace ekiden::load
