#pragma once
// One SMTP server session (RFC 5321), the same for smtpd and submission: a coroutine whose order is the order
// of the RFC. It speaks to its client by a net::Stream and to the other processes by the Server's backend;
// what differs between the two services is in options and policy. A message is answered with 250 when the
// queue has made it durable, never before.
//
// The owner (a Gate) destroys a session to end it at once; the session itself never lets an exception out.
#include <array>

#include "common/net/listener.h"
#include "common/net/stream.h"
#include "common/smtp/content.h"
#include "common/smtp/server.h"

namespace ekiden::smtp {

// The address that counters know the client by: its network where main.cf says so.
std::string counted_address(const SessionOptions& options, const net::IpAddress& address);

class Session {
  public:
    Session(Server& server, net::Accepted connection);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // From the greeting to the end of the connection.
    Task<> run();

  private:
    // --- session.cc: the dialogue ---
    Task<> converse();
    Task<bool> admit();
    Task<bool> greet();
    Task<bool> one_command();
    Task<Reply> obey(Command command);
    Task<> answer(Verb verb, Reply reply);
    Task<> say_goodbye(Reply reply);
    Milliseconds patience(Milliseconds limit) const;
    CommandRules rules() const {
        return {.strict_envelopes = options().strict_envelopes,
                .unqualified = facts_.trusted_network || !facts_.login.empty()};
    }
    // local@domain; a local part alone is of our own domain (RFC 5321 §4.1.1.3 for postmaster, RFC 6409
    // §4.2).
    std::string complete(const mail::Address& path) const;
    const SessionOptions& options() const { return server_.options; }
    bool transaction() const { return facts_.transaction.has_value(); }

    // --- session_hello.cc ---
    Task<Reply> on(Helo helo);
    Task<Reply> on(Ehlo ehlo);
    Task<Reply> on(StartTls);
    Task<Reply> on(Rset);
    Task<Reply> on(Noop);
    Task<Reply> on(Vrfy vrfy);
    Task<Reply> on(Expn);
    Task<Reply> on(Help);
    Task<Reply> on(Quit);
    Task<Reply> on(Unknown unknown);
    Task<std::string> extensions();
    Task<> begin_tls();
    bool tls_offered() const;
    bool auth_offered() const;

    // --- session_envelope.cc ---
    Task<Reply> on(Mail mail);
    Task<Reply> on(Rcpt rcpt);
    Task<std::optional<Reply>> judge_sender();
    Task<Reply> judge_recipient(Rcpt rcpt, std::string recipient);
    Task<std::optional<Reply>> over_rate(ipc::ClientEvent event, unsigned limit, std::string what);

    // --- session_data.cc ---
    Task<Reply> on(Data);
    Task<Reply> receive(std::string queue_id);
    Task<Reply> commit(IncomingContent& content, std::string queue_id);
    std::string received_field(std::string_view queue_id) const;
    bool bare_newline_refused() const;

    // --- session_auth.cc ---
    Task<Reply> on(Auth auth);
    Task<Reply> exchange(Auth auth);
    Reply finish_auth(const ipc::AuthAnswer& answer, const std::string& mechanism);

    // --- session_log.cc ---
    void log_refusal(std::string_view stage, const Reply& reply, std::string_view recipient);
    std::string log_context(std::string_view recipient) const;
    std::string log_id() const;
    std::string content_octets() const;
    void log_disconnect();
    void log_pipelining();
    // Takes the notes out of the evaluation.
    void log_notes(std::string_view stage, Evaluation& evaluation);
    void log_trouble(std::string_view service, const Error& error);
    std::string counts() const;

    struct Count {
        unsigned good = 0, all = 0;
    };

    Server& server_;
    net::Stream stream_;
    Facts facts_;
    std::uint16_t client_port_;
    bool closing_ = false;   // after the reply under way the connection ends
    bool forgiven_ = false;  // the refusal under way does not count as an error
    bool counted_ = false;   // authd counts this connection
    bool bare_lf_ = false;   // noted for the disconnect line
    unsigned errors_ = 0, junk_ = 0;
    Verb last_verb_ = Verb::unknown;
    std::string stage_ = "CONNECT";                // what the client did last, for the log
    std::optional<std::uint64_t> content_octets_;  // come so far, while content is read
    std::array<Count, verb_count> counts_{};
};

}  // namespace ekiden::smtp
