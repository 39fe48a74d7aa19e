#pragma once
// The client's side of an SMTP or LMTP session (RFC 5321 §3, RFC 2033): greeting, EHLO with HELO as fallback,
// STARTTLS, and transactions with a verdict for each recipient. With PIPELINING (RFC 2920) a transaction's
// commands go out together. It knows nothing of MX, queues and retries: who uses it decides what a verdict
// means.
//
// A lost connection, a time-out or a reply that is none ends the session by net::Closed; stage() and the
// transaction then tell how far it came.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/event/loop.h"
#include "common/net/stream.h"
#include "common/smtp/client_content.h"
#include "common/smtp/reply.h"

namespace ekiden::smtp {

// RFC 5321 §4.5.3.2, under Postfix's names (smtp_helo_timeout …).
struct ClientTimeouts {
    Milliseconds helo{300'000};  // the greeting, EHLO and HELO
    Milliseconds starttls{300'000};
    Milliseconds mail{300'000};
    Milliseconds rcpt{300'000};
    Milliseconds data_init{120'000};
    Milliseconds data_xfer{180'000};  // for each piece of the content
    Milliseconds data_done{600'000};
    Milliseconds rset{20'000};
    Milliseconds quit{300'000};
};

// What the server said it can do, in its reply to EHLO.
struct ServerOffers {
    bool esmtp = false;
    bool pipelining = false;
    bool starttls = false;
    bool eight_bit_mime = false;
    bool smtputf8 = false;
    bool size = false;
    std::uint64_t size_limit = 0;  // octets, 0: none said
    std::vector<std::string> auth;
};
// `ignored`: keywords that count as not offered (smtp_discard_ehlo_keywords), any case.
ServerOffers read_offers(const Reply& reply, const std::vector<std::string>& ignored);

enum class Stage : std::uint8_t {
    greeting,
    hello,
    starttls,
    auth,
    rset,
    mail,
    rcpt,
    data,
    content,
    end_of_data,
    quit
};
// "RCPT TO command", for "(in reply to …)".
std::string_view command_of(Stage stage);
// "sending RCPT TO", for "lost connection with … while …".
std::string_view doing(Stage stage);

// The content of a message: in memory, or a descriptor that is read with pread (its offset is shared with
// others).
struct Content {
    std::string text;
    int fd = -1;                   // borrowed; -1: `text` holds it all
    std::uint64_t size = 0;        // octets
    bool leading_dot = true;       // false: no line begins with a dot
    std::size_t longest_line = 0;  // octets, without CRLF
};

struct Verdict {
    Stage stage = Stage::end_of_data;
    Reply reply;
};

// One message for one or more recipients, and what became of it.
struct Transaction {
    std::string sender;  // local@domain, empty: the null sender
    std::vector<std::string> recipients;
    bool eight_bit = false;  // the content has octets above 127
    // Only asks whether the recipients would be taken: RSET stands where DATA would, and no content is sent.
    bool probe = false;

    std::vector<std::optional<Verdict>> verdicts;  // one a recipient; none: the session ended before
    bool reusable = false;                         // the session can carry another transaction
    std::string local_failure;  // our own content could not be read; the session is broken off
};

class Client {
  public:
    enum class Protocol : std::uint8_t { smtp, lmtp };
    Client(event::Loop& loop, OwnedFd fd, Protocol protocol, ClientTimeouts timeouts);

    // The greeting; a 2xx begins the session.
    Task<Reply> greeting();
    // EHLO (LHLO), and HELO where the server refuses that with a 5xx. The reply of the last that was said.
    Task<Reply> hello(std::string name, std::vector<std::string> ignored);
    // Says STARTTLS and, when the server agrees, does the handshake. Offers must be asked for again (RFC 3207
    // §4.2).
    Task<Reply> start_tls(const net::TlsContext& context, std::string server_name);
    // TLS at once, before the greeting (smtp_tls_wrappermode).
    Task<> wrap_tls(const net::TlsContext& context, std::string server_name);
    // A command of its own and its reply, for AUTH; `stage` says which in messages.
    Task<Reply> command(std::string line, Stage stage, Milliseconds time);
    // Fills in the verdicts; of a probe those of RCPT, whatever they say. From the second transaction on it
    // begins with RSET; when that fails, stage() is rset and nothing has been tried. `line_limit`: see
    // DotWriter.
    Task<> send(Transaction& transaction, const Content& content, std::size_t line_limit);
    // Says QUIT, and waits for the reply when told so. Never throws.
    Task<> quit(bool wait_for_reply);

    // The peer has closed the connection, or says something without being asked.
    bool stale() const;
    const ServerOffers& offers() const { return offers_; }
    const net::TlsFacts* tls() const { return stream_.tls(); }
    Stage stage() const { return stage_; }
    // The greeting's or EHLO's first word: the name the server gives itself.
    const std::string& server_name() const { return server_name_; }

  private:
    struct Command;
    struct Progress;
    Task<Reply> read_reply(Milliseconds time);
    std::vector<Command> plan(const Transaction& transaction) const;
    void settle(const Command& command, const Reply& reply, Transaction& transaction,
                Progress& progress) const;
    bool worth_saying(const Command& command, const Progress& progress) const;
    Task<> say_envelope(Transaction& transaction, Progress& progress);
    Task<> take_back(Transaction& transaction);
    Task<> say_content(Transaction& transaction, const Content& content, std::size_t line_limit);
    Task<> read_final(Transaction& transaction);
    Milliseconds time_for(Stage stage) const;

    net::Stream stream_;
    Protocol protocol_;
    ClientTimeouts timeouts_;
    ServerOffers offers_;
    std::string server_name_;
    Stage stage_ = Stage::greeting;
    bool used_ = false;  // a transaction was begun
    std::uint64_t transaction_size_ = 0;
};

}  // namespace ekiden::smtp
