// The commands before login, in the order of the RFC. Logging in is in login.cc.
#include "pop3d/front/dialogue.h"

#include <fmt/format.h>

#include "common/log/events.h"
#include "common/pop3/capabilities.h"

namespace ekiden::pop3d {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds ask_time = 10s;
constexpr Milliseconds handshake_time = 60s;
constexpr std::int64_t mechanisms_age_us = 5'000'000;
constexpr std::uint16_t challenge_batch = 64;

std::int64_t now_ms() { return system_clock().steady_us() / 1000; }

}  // namespace

Task<> Front::refresh_mechanisms() {
    std::int64_t now = system_clock().steady_us();
    if (now < mechanisms_until) co_return;
    Result<ipc::Mechanisms> answer =
        co_await worker.peer(ipc::Service::authd).ask(ipc::ListMechanisms{"pop3"}, ask_time);
    if (!answer) co_return;
    mechanisms = std::move(*answer);
    mechanisms_until = now + mechanisms_age_us;
}

Task<std::string> Front::take_challenge() {
    if (!options.apop || !mechanisms.apop) co_return "";
    if (challenges.empty()) {
        Result<ipc::ApopChallenges> answer =
            co_await worker.peer(ipc::Service::authd).ask(ipc::TakeApopChallenges{challenge_batch}, ask_time);
        if (!answer) co_return "";
        challenges.insert(challenges.end(), answer->challenges.begin(), answer->challenges.end());
    }
    if (challenges.empty()) co_return "";
    std::string challenge = std::move(challenges.front());
    challenges.pop_front();
    co_return challenge;
}

Dialogue::Dialogue(Front& front, net::Accepted connection)
    : front_(front),
      client_(front.worker.loop(), std::move(connection.fd)),
      address_(connection.client.address.print()),
      ip_(connection.client.address),
      session_(
          fmt::format("p{}-{:x}-{:x}", front.worker.number(), system_clock().wall_us(), ++front.sessions)),
      deadline_(now_ms() + front.options.login_time.count()) {}

Milliseconds Dialogue::time_left() const {
    return Milliseconds(std::max<std::int64_t>(deadline_ - now_ms(), 0));
}

Task<> Dialogue::run() {
    log::emit(events::pop3_connect, address_, session_);
    try {
        co_await converse();
    } catch (const net::Closed& closed) {
        reason_ = closed.text;
    }
    if (counted_) front_.worker.peer(ipc::Service::authd).tell(ipc::ClientGone{"pop3", address_});
    log::emit(events::pop3_disconnect, address_, reason_, session_);
}

Task<> Dialogue::converse() {
    bool welcome = co_await within_limits();
    if (welcome) co_await greet();
    Next next = welcome ? Next::go_on : Next::close;
    while (next == Next::go_on) {
        net::Line line = co_await client_.read_line(pop3::limits::command_line, time_left());
        Result<pop3::Command> command = line.overlong ? malformed("Line too long") : pop3::parse(line.text);
        if (command) {
            next = co_await obey(std::move(*command));
        } else {
            next = say_error(command.error().text);
        }
    }
    if (client_.fd() < 0) co_return;  // handed over
    co_await client_.flush(ask_time);
    client_.shut_down();
}

Task<bool> Dialogue::within_limits() {
    unsigned limit = front_.options.connections_per_client;
    if (limit == 0 || front_.options.uncounted_clients.contains(ip_)) co_return true;
    ipc::CountClient question{"pop3", address_, ipc::ClientEvent::connect};
    Result<ipc::ClientCounts> counts =
        co_await front_.worker.peer(ipc::Service::authd).ask(std::move(question), ask_time);
    counted_ = counts.has_value();
    if (!counts || counts->connections <= limit) co_return true;
    reason_ = "too many connections";
    log::emit(events::smtpd_limit, "Connection concurrency", counts->connections, "unknown", address_,
              "pop3");
    if (!front_.options.tls_at_once)
        client_.write("-ERR [SYS/TEMP] Too many connections from your address\r\n");
    co_return false;
}

Task<> Dialogue::greet() {
    if (front_.options.tls_at_once) {
        std::shared_ptr<const net::TlsContext> context = front_.worker.tls();
        if (!context) throw net::Closed(net::Closed::Why::error, "no certificate is configured");
        co_await client_.start_tls_server(*context, std::min(handshake_time, time_left()));
    }
    co_await front_.refresh_mechanisms();
    challenge_ = co_await front_.take_challenge();
    client_.write(
        fmt::format("+OK {}{}{}\r\n", front_.options.banner, challenge_.empty() ? "" : " ", challenge_));
}

Task<Dialogue::Next> Dialogue::obey(pop3::Command command) {
    if (std::holds_alternative<pop3::Quit>(command)) {
        client_.write("+OK Bye\r\n");
        reason_ = "quit before login";
        co_return Next::close;
    }
    Next next = Next::go_on;
    if (std::holds_alternative<pop3::Capa>(command)) {
        say_capabilities();
    } else if (auto* user = std::get_if<pop3::User>(&command)) {
        if (!may_log_in_in_clear()) co_return say_error("[AUTH] Use STLS first: no passwords in clear");
        user_ = user->name;
        client_.write("+OK\r\n");
    } else if (auto* pass = std::get_if<pop3::Pass>(&command)) {
        next = co_await on(std::move(*pass));
    } else if (auto* apop = std::get_if<pop3::Apop>(&command)) {
        next = co_await on(std::move(*apop));
    } else if (auto* auth = std::get_if<pop3::Auth>(&command)) {
        next = co_await on(std::move(*auth));
    } else if (std::holds_alternative<pop3::Stls>(command)) {
        next = co_await on(pop3::Stls{});
    } else {
        next = say_error("Log in first");
    }
    co_return next;
}

Dialogue::Next Dialogue::say_error(std::string_view text) {
    client_.write(fmt::format("-ERR {}\r\n", text));
    if (++bad_commands_ < front_.options.bad_commands || front_.options.bad_commands == 0) return Next::go_on;
    reason_ = "too many bad commands";
    return Next::close;
}

void Dialogue::say_capabilities() {
    client_.write("+OK\r\n");
    for (std::string_view capability : pop3::capabilities) client_.write(fmt::format("{}\r\n", capability));
    if (may_log_in_in_clear()) {
        client_.write("USER\r\n");
        std::string mechanisms;
        for (const std::string& name : front_.mechanisms.names) mechanisms += " " + name;
        if (!mechanisms.empty()) client_.write(fmt::format("SASL{}\r\n", mechanisms));
    }
    if (!client_.tls() && front_.worker.tls()) client_.write("STLS\r\n");
    client_.write(".\r\n");
}

Task<Dialogue::Next> Dialogue::on(pop3::Stls) {  // RFC 2595 §4
    if (client_.tls()) co_return say_error("TLS is active already");
    std::shared_ptr<const net::TlsContext> context = front_.worker.tls();
    if (!context) co_return say_error("[SYS/TEMP] TLS is not available");
    client_.write("+OK Begin TLS negotiation\r\n");
    co_await client_.start_tls_server(*context, std::min(handshake_time, time_left()));
    user_.clear();  // what was said in clear does not count
    co_return Next::go_on;
}

}  // namespace ekiden::pop3d
