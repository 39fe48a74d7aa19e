#pragma once
// smtpd, submission, fronts, sessions → authd; ekiuser, ekipop → authd.
#include "common/ipc/messages/control.h"

namespace ekiden::ipc {

// What a client is, as its front sees it; in every question about a login.
struct ClientFacts {
    std::string service;  // "smtp", "submission", "pop3"
    std::string address;  // "192.0.2.1", "2001:db8::1"
    bool tls;
    std::string session;  // id for the log
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("address", m.address), f("tls", m.tls), f("session", m.session);
    }
};

enum class AuthState : std::uint8_t {
    proceed,    // `challenge` for the client; answer with AuthContinue
    success,    // `login`, and for mailbox services `ticket`
    failure,    // wrong name or password, or not allowed: 535 5.7.8, -ERR [AUTH]
    temporary,  // could not be decided: 454 4.7.0, -ERR [SYS/TEMP]
    malformed,  // the client broke the exchange's grammar: 501 5.5.2
    last = malformed,
};

struct AuthAnswer {
    static constexpr std::string_view name = "auth_answer";
    AuthState state;
    std::uint64_t exchange;    // names the exchange in AuthContinue
    std::string challenge;     // octets, not base64
    std::string login;         // canonical user name, "bob@example.jp"
    std::string ticket;        // one use, bound to this service and client, valid for seconds
    std::string why;           // for the log; never shown to the client
    bool system_user = false;  // the session starter takes this ticket, not the sessions of virtual users
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("state", m.state), f("exchange", m.exchange), f("challenge", m.challenge), f("login", m.login);
        f("ticket", m.ticket), f("why", m.why), f("system_user", m.system_user);
    }
};

// SASL, first step. The answer to a failure comes late on purpose (failure delay).
struct AuthStart {
    static constexpr std::string_view name = "auth_start";
    using Reply = AuthAnswer;
    ClientFacts client;
    std::string mechanism;
    std::optional<Secret> initial_response;  // octets, not base64
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("client", m.client), f("mechanism", m.mechanism), f("initial_response", m.initial_response);
    }
};

struct AuthContinue {
    static constexpr std::string_view name = "auth_continue";
    using Reply = AuthAnswer;
    std::uint64_t exchange;
    Secret response;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("exchange", m.exchange), f("response", m.response);
    }
};

struct AuthCancel {  // one way: the client sent "*" or left
    static constexpr std::string_view name = "auth_cancel";
    std::uint64_t exchange;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("exchange", m.exchange);
    }
};

struct PasswordLogin {  // POP3 USER and PASS, IMAP LOGIN
    static constexpr std::string_view name = "password_login";
    using Reply = AuthAnswer;
    ClientFacts client;
    std::string user;
    Secret password;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("client", m.client), f("user", m.user), f("password", m.password);
    }
};

struct ApopChallenges {
    static constexpr std::string_view name = "apop_challenges";
    std::vector<std::string> challenges;  // "<random.pid@host>", each good for one greeting
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("challenges", m.challenges);
    }
};

struct TakeApopChallenges {
    static constexpr std::string_view name = "take_apop_challenges";
    using Reply = ApopChallenges;
    std::uint16_t count;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("count", m.count);
    }
};

struct ApopLogin {
    static constexpr std::string_view name = "apop_login";
    using Reply = AuthAnswer;
    ClientFacts client;
    std::string user;
    std::string challenge;
    std::string digest;  // 32 hexadecimal digits
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("client", m.client), f("user", m.user), f("challenge", m.challenge), f("digest", m.digest);
    }
};

struct Mechanisms {
    static constexpr std::string_view name = "mechanisms";
    std::vector<std::string> names;  // in order of preference
    bool apop;                       // some account may use APOP: greet with a challenge
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("names", m.names), f("apop", m.apop);
    }
};

struct ListMechanisms {
    static constexpr std::string_view name = "list_mechanisms";
    using Reply = Mechanisms;
    std::string service;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service);
    }
};

struct MailboxOwner {
    static constexpr std::string_view name = "mailbox_owner";
    std::string login;
    std::string mailbox;  // path below virtual_mailbox_base
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint64_t quota;
    bool system_user;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("login", m.login), f("mailbox", m.mailbox), f("uid", m.uid), f("gid", m.gid), f("quota", m.quota);
        f("system_user", m.system_user);
    }
};

// session → authd: whom do I serve? `denied` when the ticket is unknown, used, late or another service's.
struct RedeemTicket {
    static constexpr std::string_view name = "redeem_ticket";
    using Reply = MailboxOwner;
    std::string ticket;
    std::string service;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("ticket", m.ticket), f("service", m.service);
    }
};

struct GrantVerdict {
    static constexpr std::string_view name = "grant_verdict";
    bool granted;
    std::string user;    // whose login opened the relay
    std::int64_t since;  // UTC seconds of that login
    std::int64_t expires;
    bool sender_refused;  // there is a grant, but the sender is not an address of its user
    bool over_limit;      // there is a grant, but its recipients are used up
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("granted", m.granted), f("user", m.user), f("since", m.since), f("expires", m.expires);
        f("sender_refused", m.sender_refused), f("over_limit", m.over_limit);
    }
};

// smtpd → authd at RCPT: may this client relay because somebody logged in from there (POP before SMTP)? A
// granted answer counts one recipient against the grant's limit.
struct CheckGrant {
    static constexpr std::string_view name = "check_grant";
    using Reply = GrantVerdict;
    std::string address;
    std::string sender;  // empty: the null sender
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("address", m.address), f("sender", m.sender);
    }
};

struct SenderVerdict {
    static constexpr std::string_view name = "sender_verdict";
    bool owned;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("owned", m.owned);
    }
};

struct CheckSenderOwner {  // does this envelope sender belong to the login?
    static constexpr std::string_view name = "check_sender_owner";
    using Reply = SenderVerdict;
    std::string login;
    std::string sender;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("login", m.login), f("sender", m.sender);
    }
};

enum class ClientEvent : std::uint8_t { connect, disconnect, message, recipient, auth, tls, last = tls };

struct ClientCounts {
    static constexpr std::string_view name = "client_counts";
    std::uint32_t connections;  // open now from this client, over all workers of the service
    std::uint32_t rate;         // events of the asked kind within the time unit (anvil_rate_time_unit)
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("connections", m.connections), f("rate", m.rate);
    }
};

// Counts an event of a client and answers with the totals (Postfix's anvil). Clients that are exempt
// (smtpd_client_event_limit_exceptions) are not asked about.
struct CountClient {
    static constexpr std::string_view name = "count_client";
    using Reply = ClientCounts;
    std::string service;
    std::string address;
    ClientEvent event;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("address", m.address), f("event", m.event);
    }
};

struct ClientGone {  // one way: the connection counted by CountClient{connect} has ended
    static constexpr std::string_view name = "client_gone";
    std::string service;
    std::string address;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("address", m.address);
    }
};

// --- authd and the PAM helper ---

enum class SystemVerdict : std::uint8_t { right, wrong, undecided, last = undecided };

struct SystemAnswer {
    static constexpr std::string_view name = "system_answer";
    SystemVerdict verdict;
    std::string user;  // as PAM knows it
    std::string why;   // for the log
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("verdict", m.verdict), f("user", m.user), f("why", m.why);
    }
};

// Does PAM let this user of the system in?
struct CheckSystemPassword {
    static constexpr std::string_view name = "check_system_password";
    using Reply = SystemAnswer;
    std::string user;
    Secret password;
    std::string client_address;  // PAM_RHOST
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("user", m.user), f("password", m.password), f("client_address", m.client_address);
    }
};

// --- ekiuser and ekipop, over the public socket ---

struct AdminReply {
    static constexpr std::string_view name = "admin_reply";
    std::uint8_t exit_status;        // sysexits; 0: done
    std::vector<std::string> lines;  // to print
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("exit_status", m.exit_status), f("lines", m.lines);
    }
};

struct AdminCommand {
    static constexpr std::string_view name = "admin_command";
    using Reply = AdminReply;
    std::vector<std::string> words;  // "add", "bob@example.jp"
    std::optional<Secret> password;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("words", m.words), f("password", m.password);
    }
};

}  // namespace ekiden::ipc
