#pragma once
// Opens sessions: connect, greeting, EHLO, STARTTLS as the policy wants it. At level "may" a server whose TLS
// does not work is spoken to in clear, over a new connection.
#include <expected>
#include <memory>

#include "common/dns/mx.h"
#include "common/net/tls.h"
#include "common/smtp/client.h"
#include "queue/relay/failure.h"
#include "queue/relay/login.h"
#include "queue/relay/policy.h"

namespace ekiden::relay {

// A connection that is ready for a transaction.
struct Session {
    std::unique_ptr<smtp::Client> client;
    dns::MailTarget target;
    std::uint16_t port = 0;
    std::int64_t opened_us = 0;  // steady clock
    std::uint32_t uses = 0;      // messages it was used for
};

class Connector {
  public:
    // All outlive it. `tls` may be null: then TLS is not used. `logins` may be null: then nobody logs in.
    Connector(event::Loop& loop, const Policy& policy, const net::TlsContext* tls, const Clock& clock,
              Logins* logins = nullptr)
        : loop_(loop), policy_(policy), tls_(tls), clock_(clock), logins_(logins) {}

    struct Request {
        dns::MailTarget target;
        std::uint16_t port = 0;
        smtp::Client::Protocol protocol = smtp::Client::Protocol::smtp;
        std::string next_hop;     // as the router wrote it: a key for the login
        std::string loop_domain;  // not empty: a server that greets with our own name means that this
                                  // domain's mail loops
    };
    using Opened = std::expected<std::unique_ptr<Session>, Failure>;
    Task<Opened> open(Request request);

  private:
    Task<Opened> open_once(Request request, TlsLevel level, bool& tls_failed);
    Task<std::optional<Failure>> begin(Session& session, Request request, TlsLevel level);
    Task<std::optional<Failure>> say_hello(Session& session, Request request);
    Task<std::optional<Failure>> start_tls(Session& session, Request request, TlsLevel level);
    Task<std::optional<Failure>> log_in(Session& session, Request request);
    Task<smtp::Reply> say_login(Session& session, Login login);
    void log_tls(const Session& session) const;

    event::Loop& loop_;
    const Policy& policy_;
    const net::TlsContext* tls_;
    const Clock& clock_;
    Logins* logins_;
};

}  // namespace ekiden::relay
