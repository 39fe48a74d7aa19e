// The ways to log in. authd decides and answers late where it refuses; the front only carries the words.
#include <fmt/format.h>

#include "common/front/hand_over.h"
#include "common/log/events.h"
#include "common/text/base64.h"
#include "pop3d/front/dialogue.h"

namespace ekiden::pop3d {
namespace {

// A password check may wait for a thread and for the delay after earlier failures.
constexpr Milliseconds login_time = std::chrono::seconds(60);

}  // namespace

bool Dialogue::may_log_in_in_clear() const {
    return client_.tls() || !front_.options.tls_auth_only || front_.options.plaintext_clients.contains(ip_);
}

ipc::ClientFacts Dialogue::facts() const { return {"pop3", address_, client_.tls() != nullptr, session_}; }

Task<Dialogue::Next> Dialogue::on(pop3::Pass pass) {
    if (user_.empty()) co_return say_error("Say USER first");
    ipc::PasswordLogin question{facts(), std::exchange(user_, {}), std::move(pass.password)};
    Result<ipc::AuthAnswer> answer =
        co_await front_.worker.peer(ipc::Service::authd).ask(std::move(question), login_time);
    Next next = co_await conclude(std::move(answer), "PASS");
    co_return next;
}

Task<Dialogue::Next> Dialogue::on(pop3::Apop apop) {  // RFC 1939 §7
    if (challenge_.empty()) co_return say_error("APOP is not available");
    // A challenge is good for one try.
    ipc::ApopLogin question{facts(), std::move(apop.name), std::exchange(challenge_, {}),
                            std::move(apop.digest)};
    Result<ipc::AuthAnswer> answer =
        co_await front_.worker.peer(ipc::Service::authd).ask(std::move(question), login_time);
    Next next = co_await conclude(std::move(answer), "APOP");
    co_return next;
}

Task<Dialogue::Next> Dialogue::on(pop3::Auth auth) {  // RFC 5034
    const auto& offered = front_.mechanisms.names;
    if (auth.mechanism.empty()) {
        client_.write("+OK\r\n");
        for (const std::string& name : offered) client_.write(fmt::format("{}\r\n", name));
        client_.write(".\r\n");
        co_return Next::go_on;
    }
    if (std::ranges::find(offered, auth.mechanism) == offered.end())
        co_return say_error("Unrecognized authentication type");
    if (!may_log_in_in_clear()) co_return say_error("[AUTH] Use STLS first: no passwords in clear");
    std::string method = auth.mechanism;
    std::optional<Result<ipc::AuthAnswer>> answer = co_await exchange(std::move(auth));
    if (!answer) co_return say_error("Authentication cancelled");
    Next next = co_await conclude(std::move(*answer), method);
    co_return next;
}

Task<std::optional<Result<ipc::AuthAnswer>>> Dialogue::exchange(pop3::Auth auth) {
    ipc::Peer& authd = front_.worker.peer(ipc::Service::authd);
    ipc::AuthStart start{facts(), auth.mechanism, std::nullopt};
    if (auth.initial) {
        std::string_view encoded = auth.initial->reveal();
        std::optional<std::string> octets = encoded == "=" ? std::string() : text::base64_decode(encoded);
        if (!octets) co_return std::nullopt;
        start.initial_response = Secret(std::move(*octets));
    }
    Result<ipc::AuthAnswer> answer = co_await authd.ask(std::move(start), login_time);
    while (answer && answer->state == ipc::AuthState::proceed) {
        client_.write(fmt::format("+ {}\r\n", text::base64_encode(answer->challenge)));
        net::Line line = co_await client_.read_line(pop3::limits::auth_line, time_left());
        std::optional<std::string> octets = line.overlong ? std::nullopt : text::base64_decode(line.text);
        if (!octets) {  // "*" is no base64 either
            authd.tell(ipc::AuthCancel{answer->exchange});
            co_return std::nullopt;
        }
        ipc::AuthContinue next{answer->exchange, Secret(std::move(*octets))};
        answer = co_await authd.ask(std::move(next), login_time);
    }
    co_return answer;
}

Task<Dialogue::Next> Dialogue::conclude(Result<ipc::AuthAnswer> answer, std::string method) {
    if (answer && answer->state == ipc::AuthState::success) {
        ++front_.logins;
        log::emit(events::pop3_login, answer->login, method, address_, client_.tls() ? "TLS" : "", session_);
        front::LoggedIn login{std::move(answer->ticket), address_, session_};
        ipc::Service session =
            answer->system_user ? ipc::Service::session_starter : ipc::Service::pop3_session;
        Result<> done = co_await front::hand_over(front_.worker, session, client_, std::move(login));
        if (!done) {
            client_.write("-ERR [SYS/TEMP] The mailbox cannot be opened now; try again later\r\n");
            reason_ = done.error().text;
        }
        co_return Next::close;
    }
    if (!answer || answer->state == ipc::AuthState::temporary)
        co_return say_error("[SYS/TEMP] The login cannot be checked now; try again later");
    ++front_.failures;
    client_.write("-ERR [AUTH] Authentication failed\r\n");
    if (++bad_logins_ < front_.options.bad_logins || front_.options.bad_logins == 0) co_return Next::go_on;
    reason_ = "too many bad logins";
    co_return Next::close;
}

}  // namespace ekiden::pop3d
