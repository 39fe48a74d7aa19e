#pragma once
// front → session: this connection has logged in. The ticket is proof; the session redeems it at authd and
// believes nothing else that the front says.
#include "common/ipc/messages/control.h"

namespace ekiden::ipc {

struct HandOver {
    static constexpr std::string_view name = "hand_over";
    using Reply = Done;  // sent when the session has ended, in whatever way (the front's lifeline)
    std::string ticket;
    std::string client_address;  // for the log
    std::string session;         // id for the log
    bool tls;
    std::string early;   // octets the client sent behind its login, already decrypted
    OwnedFd connection;  // the client's socket, or under TLS one end of a socketpair that the front pumps
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("ticket", m.ticket), f("client_address", m.client_address), f("session", m.session),
            f("tls", m.tls);
        f("early", m.early), f("connection", m.connection);
    }
};

}  // namespace ekiden::ipc
