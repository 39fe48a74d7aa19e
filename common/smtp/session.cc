// The dialogue: greeting, one command after the other, errors that slow it down and end it, and the one place
// where a lost connection is caught. Postfix's words and numbers throughout.
#include "common/smtp/session.h"

#include <sys/socket.h>

#include "common/log/events.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

// When is a command legal? Rows of (verb, needs a transaction, refused inside one, reply).
struct Order {
    Verb verb;
    bool wanted;  // the state of the transaction that the command wants
    std::string_view otherwise;
};
constexpr Order orders[] = {
    {Verb::mail, false, "5.5.1 Error: nested MAIL command"},
    {Verb::rcpt, true, "5.5.1 Error: need MAIL command"},
    {Verb::data, true, "5.5.1 Error: need RCPT command"},
    {Verb::auth, false, "5.5.1 Error: MAIL transaction in progress"},
};

std::optional<Reply> out_of_order(Verb verb, bool transaction) {
    for (const Order& order : orders)
        if (order.verb == verb && order.wanted != transaction)
            return Reply(503, std::string(order.otherwise));
    return {};
}

// Commands that do no work for anybody; past smtpd_junk_command_limit each is an error.
bool is_junk(Verb verb) {
    return verb == Verb::helo || verb == Verb::ehlo || verb == Verb::noop || verb == Verb::rset ||
           verb == Verb::vrfy || verb == Verb::help || verb == Verb::expn;
}

// RFC 2920 §3.1: nothing may stand behind these until they are answered. NOOP, VRFY and QUIT are in the RFC's
// list too; what follows them does no harm.
bool must_wait_for_reply(Verb verb) {
    return verb == Verb::helo || verb == Verb::ehlo || verb == Verb::data || verb == Verb::auth;
}

// RFC 3207 §4: what a client may say before STARTTLS where TLS is demanded; nothing else, from no network.
// What is no command at all is told so.
bool may_come_before_tls(Verb verb) {
    return verb == Verb::ehlo || verb == Verb::helo || verb == Verb::starttls || verb == Verb::noop ||
           verb == Verb::quit || verb == Verb::unknown;
}

}  // namespace

Session::Session(Server& server, net::Accepted connection)
    : server_(server), stream_(server.loop, std::move(connection.fd)), client_port_(connection.client.port) {
    facts_.session = server.next_session_id();
    facts_.service = server.options.service;
    facts_.address = connection.client.address;
    facts_.address_text = connection.client.address.print();
    facts_.trusted_network = server.options.my_networks.contains(connection.client.address);
    ++server.sessions;
}

Session::~Session() {
    if (counted_)
        server_.backend.tell(ipc::ClientGone{facts_.service, counted_address(options(), facts_.address)});
    --server_.sessions;
}

Task<> Session::run() {
    std::optional<Reply> last_word;
    try {
        co_await converse();
    } catch (const net::Closed& closed) {
        bool handshake = stage_ == "STARTTLS" && !facts_.tls;
        if (handshake)
            log::emit(events::smtpd_tls_failed, facts_.client_name, facts_.address_text, closed.text,
                      facts_.session);
        if (closed.why == net::Closed::Why::timeout && !handshake) {
            log::emit(events::smtpd_timeout, stage_, content_octets(), facts_.client_name,
                      facts_.address_text, facts_.session);
            last_word = Reply(421, "4.4.2 " + options().hostname + " Error: timeout exceeded");
        } else if (stage_ != "END-OF-MESSAGE") {  // after its last message a client owes nobody a QUIT
            log::emit(events::smtpd_lost, stage_, content_octets(), facts_.client_name, facts_.address_text,
                      facts_.session);
        }
    } catch (const std::exception& failure) {
        log::emit(events::session_failed, facts_.service + " after " + stage_ + " from " + facts_.label(),
                  failure.what());
        last_word = Reply(421, "4.3.0 " + options().hostname + " Error: internal error");
    }
    if (last_word) co_await say_goodbye(std::move(*last_word));
    log_disconnect();
}

// For a connection that is in an unknown state: one try, no patience.
Task<> Session::say_goodbye(Reply reply) {
    try {
        stream_.write(reply.print());
        co_await stream_.flush(std::chrono::seconds(1));
        stream_.shut_down();
    } catch (const std::exception&) {
        // The client is gone, which is what was wanted.
    }
}

Task<> Session::converse() {
    bool welcome = co_await admit();
    if (welcome && options().tls_wrapper) {
        stage_ = "STARTTLS";
        co_await begin_tls();
        stage_ = "CONNECT";
    }
    if (welcome) welcome = co_await greet();
    while (welcome && !closing_) welcome = co_await one_command();
    co_await stream_.flush(options().timeout);
    stream_.shut_down();
}

// Name and limits. False when the client is sent away.
Task<bool> Session::admit() {
    ClientNames names = co_await server_.names_of(facts_.address);
    facts_.client_name = std::move(names.name);
    facts_.reverse_name = std::move(names.reverse_name);
    log::emit(events::smtpd_connect, facts_.client_name, facts_.address_text, client_port_, facts_.session);
    const SessionOptions& o = options();
    bool limited = o.connection_count_limit != 0 || o.connection_rate_limit != 0;
    if (!limited || o.rate_exceptions.contains(facts_.address)) co_return true;
    ipc::CountClient question{facts_.service, counted_address(o, facts_.address), ipc::ClientEvent::connect};
    Result<ipc::ClientCounts> counts = co_await server_.backend.ask(std::move(question));
    if (!counts) {
        log_trouble("authd", counts.error());
        co_return true;  // a counter that is away keeps nobody out
    }
    counted_ = true;
    bool many = o.connection_count_limit != 0 && counts->connections > o.connection_count_limit;
    bool fast = o.connection_rate_limit != 0 && counts->rate > o.connection_rate_limit;
    if (!many && !fast) co_return true;
    log::emit(events::smtpd_limit, many ? "Connection concurrency" : "Connection rate",
              many ? counts->connections : counts->rate, facts_.client_name, facts_.address_text,
              facts_.service);
    Reply busy(421, "4.7.0 " + o.hostname + " Error: too many connections from " + facts_.address_text);
    if (!o.tls_wrapper) stream_.write(busy.print());
    co_return false;
}

// The 220, unless the client spoke first (RFC 5321 §4.3.1: it must wait).
Task<bool> Session::greet() {
    char early = 0;
    bool looked = !options().tls_wrapper && options().forbid_pipelining;
    if (looked && ::recv(stream_.fd(), &early, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
        co_await stream_.fill(options().command_timeout);
        log_pipelining();
        stream_.write(Reply(554, "5.5.0 Error: SMTP protocol synchronization").print());
        co_return false;
    }
    stream_.write(Reply(220, options().banner).print());
    co_return true;
}

// The time that a wait may take: its own limit, and what is left of the transaction's.
Milliseconds Session::patience(Milliseconds limit) const {
    if (!facts_.transaction) return limit;
    std::int64_t spent = (system_clock().steady_us() - facts_.transaction->begun) / 1000;
    Milliseconds left = options().transaction_deadline - Milliseconds(spent);
    return std::clamp(left, Milliseconds(1), limit);
}

// Reads, obeys and answers one command. False when the connection is to end.
Task<bool> Session::one_command() {
    if (errors_ >= options().hard_errors) {
        log::emit(events::smtpd_too_many_errors, stage_, facts_.client_name, facts_.address_text,
                  facts_.session);
        stream_.write(Reply(421, "4.7.0 " + options().hostname + " Error: too many errors").print());
        co_return false;
    }
    net::Line line = co_await stream_.read_line(options().line_limit, patience(options().command_timeout));
    last_verb_ = line.overlong ? Verb::unknown : verb_of(text::trim(line.text));
    ++counts_[static_cast<std::size_t>(last_verb_)].all;  // also when it is never answered
    stage_ = text::to_upper(name_of(last_verb_));
    if (!line.crlf && bare_newline_refused()) {
        bare_lf_ = true;
        closing_ = true;
        co_await answer(last_verb_, Reply(521, "5.5.2 " + options().hostname + " Error: bare <LF> received"));
        co_return true;
    }
    if (line.overlong) {
        co_await answer(last_verb_, Reply(500, "5.5.2 Error: line too long"));
        co_return true;
    }
    if (options().forbid_pipelining && must_wait_for_reply(last_verb_) && !stream_.buffered().empty()) {
        log_pipelining();
        closing_ = true;
        co_await answer(last_verb_, Reply(554, "5.5.0 Error: SMTP protocol synchronization"));
        co_return true;
    }
    if (options().tls == TlsLevel::encrypt && !facts_.tls && !may_come_before_tls(last_verb_)) {
        co_await answer(last_verb_, Reply(530, "5.7.0 Must issue a STARTTLS command first"));
        co_return true;
    }
    std::expected<Command, Reply> command = parse(line.text, rules());
    std::optional<Reply> refused = out_of_order(last_verb_, transaction());
    // A second MAIL is out of order however it is written; otherwise syntax comes first.
    if (!command && !refused) refused = std::move(command).error();
    if (refused) {
        co_await answer(last_verb_, std::move(*refused));
        co_return true;
    }
    Verb verb = last_verb_;
    Reply reply = co_await obey(std::move(*command));
    co_await answer(verb, std::move(reply));
    co_return true;
}

Task<Reply> Session::obey(Command command) {
    Task<Reply> done = std::visit([this](auto&& one) { return on(std::move(one)); }, std::move(command));
    Reply reply = co_await std::move(done);
    co_return reply;
}

// Counts what came of the command, slows an erring client down, and writes the reply.
Task<> Session::answer(Verb verb, Reply reply) {
    bool refused = reply.code >= 400;
    if (!refused) ++counts_[static_cast<std::size_t>(verb)].good;
    if (refused) ++server_.refusals;
    if (refused && !std::exchange(forgiven_, false)) ++errors_;
    if (is_junk(verb) && ++junk_ > options().junk_limit && !refused) ++errors_;
    if (refused && errors_ > options().soft_errors && options().error_sleep.count() > 0) {
        co_await stream_.flush(options().timeout);
        co_await server_.loop.sleep(options().error_sleep);
    }
    if (reply.code != 0) stream_.write(reply.print());
    if (reply.code == 421 || reply.code == 521) closing_ = true;  // RFC 5321 §3.8, RFC 7504
    if (stream_.unsent() > 64 * 1024) co_await stream_.flush(patience(options().timeout));
}

}  // namespace ekiden::smtp
