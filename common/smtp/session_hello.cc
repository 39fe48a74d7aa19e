// HELO, EHLO, STARTTLS and the commands that do not touch a transaction but by ending it.
#include <fmt/format.h>

#include "common/log/events.h"
#include "common/smtp/session.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {

Task<Reply> Session::on(Helo helo) {
    facts_.transaction.reset();  // RFC 5321 §4.1.1.1: like RSET
    facts_.helo = std::move(helo.host);
    facts_.extended = false;
    co_return Reply(250, options().hostname);
}

Task<Reply> Session::on(Ehlo ehlo) {
    facts_.transaction.reset();
    facts_.helo = std::move(ehlo.host);
    facts_.extended = true;
    std::string text = co_await extensions();
    co_return Reply(250, std::move(text));
}

bool Session::tls_offered() const { return server_.tls() && options().tls != TlsLevel::none && !facts_.tls; }

// RFC 4954 §4: AUTH is not announced where a password would be seen, or where TLS is still to come.
bool Session::auth_offered() const {
    const SessionOptions& o = options();
    if (!o.auth || o.auth_exceptions.contains(facts_.address)) return false;
    if (facts_.tls) return true;
    return !o.tls_auth_only || o.plaintext_auth.contains(facts_.address);
}

Task<std::string> Session::extensions() {
    const SessionOptions& o = options();
    std::string text = o.hostname;
    auto announce = [&](std::string_view keyword, const std::string& whole) {
        if (!o.discarded_keywords.contains(keyword)) (text += '\n') += whole;
    };
    announce("PIPELINING", "PIPELINING");
    announce("SIZE", o.size_limit != 0 ? fmt::format("SIZE {}", o.size_limit) : "SIZE");
    if (o.vrfy) announce("VRFY", "VRFY");
    if (tls_offered()) announce("STARTTLS", "STARTTLS");
    if (auth_offered()) {
        List names = co_await server_.mechanisms();
        if (!names.empty()) {
            std::string list = fmt::format("{}", fmt::join(names, " "));
            announce("AUTH", "AUTH " + list);
            if (o.broken_auth_clients) announce("AUTH", "AUTH=" + list);
        }
    }
    announce("ENHANCEDSTATUSCODES", "ENHANCEDSTATUSCODES");
    announce("8BITMIME", "8BITMIME");
    co_return text;
}

// RFC 3207. What the client knew before TLS is forgotten (§4.2), what it pipelined in clear is dropped.
Task<Reply> Session::on(StartTls) {
    if (facts_.tls) co_return Reply(554, "5.5.1 Error: TLS already active");
    if (!facts_.extended || options().tls == TlsLevel::none)
        co_return Reply(503, "5.5.1 Error: STARTTLS not offered");
    if (!server_.tls()) co_return Reply(454, "4.7.0 TLS not available due to local problem");
    std::optional<Reply> limited =
        co_await over_rate(ipc::ClientEvent::tls, options().tls_rate_limit, "New TLS session");
    if (limited) co_return std::move(*limited);
    stream_.write(Reply(220, "2.0.0 Ready to start TLS").print());
    co_await begin_tls();
    facts_.transaction.reset();
    facts_.helo.clear();
    facts_.extended = false;
    facts_.login.clear();
    co_return Reply();  // the 220 was the reply
}

Task<> Session::begin_tls() {
    std::shared_ptr<const net::TlsContext> context = server_.tls();
    if (!context) throw net::Closed(net::Closed::Why::error, "no certificate is configured");
    co_await stream_.start_tls_server(*context, options().starttls_timeout);
    const net::TlsFacts& tls = *stream_.tls();
    facts_.tls = mail::ReceivedTls{tls.version, tls.cipher, tls.bits, tls.bits};
    if (options().tls_log)
        log::emit(events::smtpd_tls, facts_.client_name, facts_.address_text, tls.version, tls.cipher,
                  tls.bits, tls.bits, facts_.session);
}

Task<Reply> Session::on(Rset) {
    facts_.transaction.reset();
    co_return Reply(250, "2.0.0 Ok");
}

Task<Reply> Session::on(Noop) { co_return Reply(250, "2.0.0 Ok"); }

Task<Reply> Session::on(Vrfy vrfy) {
    if (!options().vrfy) co_return Reply(502, "5.5.1 VRFY command is disabled");
    // RFC 5321 §3.5.3: who is asked this often is asked by those who collect addresses.
    co_return Reply(252, "2.0.0 " + text::printable(vrfy.what, 300));
}

Task<Reply> Session::on(Expn) { co_return Reply(502, "5.5.1 EXPN command is disabled"); }

Task<Reply> Session::on(Help) {
    co_return Reply(214, "2.0.0 Commands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY STARTTLS AUTH HELP QUIT");
}

Task<Reply> Session::on(Quit) {
    closing_ = true;
    co_return Reply(221, "2.0.0 Bye");
}

Task<Reply> Session::on(Unknown unknown) {
    // What a browser or a proxy says: somebody is made to talk to us who does not know it.
    bool foreign = unknown.verb == "GET" || unknown.verb == "POST" || unknown.verb == "CONNECT" ||
                   unknown.verb.ends_with(':');
    if (foreign) {
        closing_ = true;
        co_return Reply(521, "5.5.1 Error: this is a mail server");
    }
    co_return Reply(500, "5.5.2 Error: command not recognized");
}

}  // namespace ekiden::smtp
