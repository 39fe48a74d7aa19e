// AUTH (RFC 4954): the session carries base64 between client and authd and knows no mechanism.
#include "common/log/events.h"
#include "common/smtp/session.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"

namespace ekiden::smtp {
namespace {

// An exchange that the session leaves in the middle is cancelled at authd.
class OpenExchange {
  public:
    OpenExchange(Backend& backend, std::uint64_t exchange) : backend_(backend), exchange_(exchange) {}
    OpenExchange(const OpenExchange&) = delete;
    OpenExchange& operator=(const OpenExchange&) = delete;
    ~OpenExchange() {
        if (open_) backend_.tell(ipc::AuthCancel{exchange_});
    }
    void follow(const ipc::AuthAnswer& answer) {
        open_ = answer.state == ipc::AuthState::proceed;
        exchange_ = answer.exchange;
    }

  private:
    Backend& backend_;
    std::uint64_t exchange_;
    bool open_ = false;
};

// RFC 4954 §4: "=" is an empty initial response.
std::optional<Secret> decode_response(std::string_view encoded) {
    if (encoded == "=") return Secret("");
    std::optional<std::string> octets = text::base64_decode(encoded);
    if (!octets) return {};
    return Secret(std::move(*octets));
}

}  // namespace

Task<Reply> Session::on(Auth auth) {
    const SessionOptions& o = options();
    if (!facts_.login.empty()) co_return Reply(503, "5.5.1 Error: already authenticated");
    if (facts_.helo.empty()) co_return Reply(503, "5.5.1 Error: send HELO/EHLO first");
    if (!o.auth || o.auth_exceptions.contains(facts_.address))
        co_return Reply(503, "5.5.1 Error: authentication not enabled");
    if (!auth_offered())
        co_return Reply(538, "5.7.11 Encryption required for requested authentication mechanism");
    List names = co_await server_.mechanisms();
    if (names.empty()) co_return Reply(454, "4.7.0 Temporary authentication failure");
    if (std::ranges::find(names, auth.mechanism) == names.end())
        co_return Reply(504, "5.5.4 Error: authentication mechanism not supported");
    std::optional<Reply> limited =
        co_await over_rate(ipc::ClientEvent::auth, o.auth_rate_limit, "AUTH command");
    if (limited) co_return std::move(*limited);
    Reply reply = co_await exchange(std::move(auth));
    co_return reply;
}

Task<Reply> Session::exchange(Auth auth) {
    ipc::AuthStart start;
    start.client = {facts_.service, facts_.address_text, facts_.tls.has_value(), facts_.session};
    start.mechanism = auth.mechanism;
    if (auth.initial) {
        start.initial_response = decode_response(*auth.initial);
        if (!start.initial_response) co_return Reply(501, "5.5.2 Error: the response is not base64");
    }
    Result<ipc::AuthAnswer> answer = co_await server_.backend.ask(std::move(start));
    OpenExchange open(server_.backend, 0);
    while (answer && answer->state == ipc::AuthState::proceed) {
        open.follow(*answer);
        stream_.write("334 " + text::base64_encode(answer->challenge) + "\r\n");
        net::Line line = co_await stream_.read_line(options().sasl_line_limit, options().command_timeout);
        if (line.overlong) co_return Reply(500, "5.5.6 Error: authentication exchange line is too long");
        if (line.text == "*") co_return Reply(501, "5.7.0 Authentication aborted");
        std::optional<Secret> response = line.text.empty() ? Secret("") : decode_response(line.text);
        if (!response) co_return Reply(501, "5.5.2 Error: the response is not base64");
        ipc::AuthContinue next{answer->exchange, std::move(*response)};
        answer = co_await server_.backend.ask(std::move(next));
        if (answer) open.follow(*answer);  // else the destructor cancels what authd may still hold
    }
    if (!answer) {
        log_trouble("authd", answer.error());
        co_return Reply(454, "4.7.0 Temporary authentication failure");
    }
    co_return finish_auth(*answer, auth.mechanism);
}

Reply Session::finish_auth(const ipc::AuthAnswer& answer, const std::string& mechanism) {
    switch (answer.state) {
        case ipc::AuthState::success:
            facts_.login = answer.login;
            facts_.sasl_method = mechanism;
            return {235, "2.7.0 Authentication successful"};
        case ipc::AuthState::temporary: return {454, "4.7.0 Temporary authentication failure"};
        case ipc::AuthState::malformed:
            return {501, "5.5.2 Error: the response breaks the mechanism's rules"};
        case ipc::AuthState::proceed:
        case ipc::AuthState::failure: break;
    }
    log::emit(events::smtpd_sasl_failed, facts_.client_name, facts_.address_text, mechanism,
              answer.why.empty() ? "authentication failure" : answer.why, answer.login, facts_.session);
    return {535, "5.7.8 Error: authentication failed: authentication failure"};
}

}  // namespace ekiden::smtp
