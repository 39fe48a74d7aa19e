#include "queue/relay/connector.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/log/events.h"
#include "common/net/listener.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"

namespace ekiden::relay {
namespace {

// net::connect_to says "connect to ADDRESS: why"; a log line names the host, too.
std::string reason(const Error& error) {
    const std::size_t colon = error.text.rfind(": ");
    return colon == std::string::npos ? error.text : error.text.substr(colon + 2);
}

Failure cannot_connect(const Connector::Request& request, const Error& error) {
    Failure failure;
    failure.dsn = "4.4.1";
    failure.text = fmt::format("connect to {}: {}", print(request.target, request.port), reason(error));
    failure.no_contact = true;
    return failure;
}

Failure needs_tls(const Session& session, std::string_view why, std::string_view dsn) {
    Failure failure;
    failure.dsn = dsn;
    failure.remote_mta = session.target.host;
    failure.text = fmt::format("TLS is required, but {} host {}", why, print(session.target));
    failure.relay = print(session.target, session.port);
    return failure;
}

// A server name for SNI: not an address (RFC 6066 §3).
std::string sni(const dns::MailTarget& target) {
    return target.host == target.address.print() ? std::string() : target.host;
}

}  // namespace

Task<Connector::Opened> Connector::open(Request request) {
    const TlsLevel level = tls_ ? policy_.tls : TlsLevel::none;
    bool tls_failed = false;
    Opened opened = co_await open_once(request, level, tls_failed);
    if (opened || !tls_failed || level != TlsLevel::may || policy_.tls_wrapper) co_return opened;
    log::emit(events::smtp_tls_fallback, print(request.target, request.port), opened.error().text);
    opened = co_await open_once(request, TlsLevel::none, tls_failed);
    co_return opened;
}

Task<Connector::Opened> Connector::open_once(Request request, TlsLevel level, bool& tls_failed) {
    const net::IpAddress address = request.target.address;
    const std::optional<net::IpAddress>& source = address.v6() ? policy_.source_v6 : policy_.source_v4;
    const net::Endpoint remote{address, request.port};
    Result<OwnedFd> fd = co_await net::connect_to(loop_, remote, source, policy_.connect_timeout);
    if (!fd) {
        log::emit(events::smtp_connect_failed, print(request.target, request.port), reason(fd.error()));
        co_return std::unexpected(cannot_connect(request, fd.error()));
    }
    auto session = std::make_unique<Session>();
    session->client =
        std::make_unique<smtp::Client>(loop_, std::move(*fd), request.protocol, policy_.timeouts);
    session->target = request.target;
    session->port = request.port;
    session->opened_us = clock_.steady_us();
    try {
        std::optional<Failure> failure = co_await begin(*session, request, level);
        if (!failure) co_return session;
        co_return std::unexpected(std::move(*failure));
    } catch (const net::Closed& closed) {
        tls_failed = session->client->stage() == smtp::Stage::starttls;
        Failure failure = lost(request.target, closed, session->client->stage());
        if (tls_failed) failure.dsn = "4.7.5";
        failure.relay = print(request.target, request.port);
        co_return std::unexpected(std::move(failure));
    }
}

Task<std::optional<Failure>> Connector::begin(Session& session, Request request, TlsLevel level) {
    if (policy_.tls_wrapper && tls_) {
        co_await session.client->wrap_tls(*tls_, sni(session.target));
        log_tls(session);
    }
    smtp::Reply greeting = co_await session.client->greeting();
    if (!greeting.positive()) {
        Failure failure = refused_to_talk(session.target, greeting);
        failure.relay = print(session.target, session.port);
        if (greeting.permanent() && !policy_.skip_5xx_greeting) {
            failure.permanent = true;
            failure.dsn = status_of(greeting);
        }
        co_return failure;
    }
    std::optional<Failure> failure = co_await say_hello(session, request);
    if (failure) co_return failure;
    failure = co_await start_tls(session, request, level);
    if (failure) co_return failure;
    failure = co_await log_in(session, request);
    co_return failure;
}

Task<std::optional<Failure>> Connector::say_hello(Session& session, Request request) {
    smtp::Reply reply = co_await session.client->hello(policy_.helo_name, policy_.ignored_keywords);
    if (!reply.positive()) {
        Failure failure = refused_to_talk(session.target, reply);
        failure.relay = print(session.target, session.port);
        co_return failure;
    }
    if (!request.loop_domain.empty() &&
        text::equal_ignoring_case(session.client->server_name(), policy_.own_name)) {
        log::emit(events::smtp_own_name, print(session.target, session.port), policy_.own_name);
        co_return loops_back(request.loop_domain);
    }
    co_return std::nullopt;
}

Task<std::optional<Failure>> Connector::start_tls(Session& session, Request request, TlsLevel level) {
    if (level == TlsLevel::none || session.client->tls()) co_return std::nullopt;
    if (!session.client->offers().starttls) {
        if (level == TlsLevel::may) co_return std::nullopt;
        co_return needs_tls(session, "was not offered by", "4.7.4");
    }
    smtp::Reply reply = co_await session.client->start_tls(*tls_, sni(session.target));
    if (!reply.positive()) {
        // At "may" the dialogue goes on in clear; a server that means to close says so at the next command.
        if (level == TlsLevel::may) co_return std::nullopt;
        co_return needs_tls(session, "STARTTLS was refused by", "4.7.4");
    }
    log_tls(session);
    std::optional<Failure> failure = co_await say_hello(session, request);
    co_return failure;
}

Task<smtp::Reply> Connector::say_login(Session& session, Login login) {
    smtp::Client& client = *session.client;
    const Milliseconds time = policy_.timeouts.helo;
    const std::vector<std::string>& offered = client.offers().auth;
    if (std::ranges::find(offered, "PLAIN") != offered.end()) {
        std::string line = "AUTH PLAIN " + plain_response(login);
        smtp::Reply reply = co_await client.command(std::move(line), smtp::Stage::auth, time);
        co_return reply;
    }
    smtp::Reply reply = co_await client.command("AUTH LOGIN", smtp::Stage::auth, time);
    for (std::string_view part : {std::string_view(login.user), login.password.reveal()}) {
        if (reply.code != 334) break;
        std::string line = text::base64_encode(part);
        reply = co_await client.command(std::move(line), smtp::Stage::auth, time);
    }
    co_return reply;
}

Task<std::optional<Failure>> Connector::log_in(Session& session, Request request) {
    const std::vector<std::string>& offered = session.client->offers().auth;
    if (!logins_ || offered.empty()) co_return std::nullopt;
    Failure failure;
    failure.dsn = "4.7.0";
    failure.relay = print(session.target, session.port);
    Result<std::optional<Login>> login = co_await logins_->find(session.target.host, request.next_hop);
    if (!login) {
        failure.text = fmt::format("SASL password of {}: {}", print(session.target), login.error().text);
        co_return failure;
    }
    if (!*login) co_return std::nullopt;
    const bool plain = session.client->tls() ? policy_.plain_under_tls : policy_.plain_in_clear;
    const bool known = std::ranges::any_of(
        offered, [](const std::string& each) { return each == "PLAIN" || each == "LOGIN"; });
    if (!plain || !known) {
        failure.text = fmt::format("SASL authentication failed; cannot authenticate to server {}: {}",
                                   print(session.target),
                                   plain ? "it offers neither PLAIN nor LOGIN"
                                         : "smtp_sasl_security_options does not allow PLAIN and LOGIN here");
        co_return failure;
    }
    smtp::Reply reply = co_await say_login(session, std::move(**login));
    if (reply.code == 235) co_return std::nullopt;
    // A wrong password is the administrator's to mend; the mail waits for that.
    failure.remote_mta = session.target.host;
    failure.remote_reply = text::printable(reply.one_line(), 2000);
    failure.text = fmt::format("SASL authentication failed; server {} said: {}", print(session.target),
                               failure.remote_reply);
    co_return failure;
}

void Connector::log_tls(const Session& session) const {
    const net::TlsFacts* facts = session.client->tls();
    if (!facts || !policy_.log_tls) return;
    log::emit(events::smtp_tls, print(session.target, session.port), facts->version, facts->cipher,
              facts->bits, facts->bits);
}

}  // namespace ekiden::relay
