#pragma once
// POP3 before login (RFC 1939's AUTHORIZATION state): greeting, CAPA, STLS, USER and PASS, APOP, AUTH, QUIT.
// It checks no password and opens no mailbox: authd judges, and a session process greets the one who passed.
// Same words for every reason of refusal, so that nobody learns which users exist.
#include <deque>
#include <memory>
#include <string>

#include "common/front/pop3_options.h"
#include "common/ipc/messages/auth.h"
#include "common/net/stream.h"
#include "common/pop3/command.h"
#include "common/process/daemon.h"

namespace ekiden::pop3d {

// What the dialogues of one process share.
struct Front {
    process::Worker& worker;
    front::Pop3Options options;
    ipc::Mechanisms mechanisms{};       // as authd last told
    std::int64_t mechanisms_until = 0;  // steady microseconds
    std::deque<std::string> challenges{};
    std::uint64_t sessions = 0, logins = 0, failures = 0;

    // Fresh enough for a new connection; empty while authd is away.
    Task<> refresh_mechanisms();
    // A timestamp for the greeting that no other greeting had; empty: no APOP now.
    Task<std::string> take_challenge();
};

class Dialogue {
  public:
    Dialogue(Front& front, net::Accepted connection);

    // From greeting to the end of the session. Throws nothing.
    Task<> run();

  private:
    enum class Next { go_on, close };

    Task<> converse();
    Task<bool> within_limits();
    Task<> greet();
    Task<Next> obey(pop3::Command command);
    Next say_error(std::string_view text);
    void say_capabilities();
    Task<Next> on(pop3::Stls);
    Task<Next> on(pop3::Pass pass);
    Task<Next> on(pop3::Apop apop);
    Task<Next> on(pop3::Auth auth);
    bool may_log_in_in_clear() const;
    ipc::ClientFacts facts() const;
    // Carries a SASL exchange to its end; nothing when the client cancelled it or broke its form.
    Task<std::optional<Result<ipc::AuthAnswer>>> exchange(pop3::Auth auth);
    // Acts on authd's verdict: hand over, or refuse.
    Task<Next> conclude(Result<ipc::AuthAnswer> answer, std::string method);

    Front& front_;
    net::Stream client_;
    const std::string address_;
    const net::IpAddress ip_;
    const std::string session_;
    std::string challenge_;
    std::string user_;
    std::int64_t deadline_ = 0;  // steady milliseconds, until login
    unsigned bad_commands_ = 0, bad_logins_ = 0;
    bool counted_ = false;
    std::string reason_;  // why it ended, for the log
    Milliseconds time_left() const;
};

}  // namespace ekiden::pop3d
