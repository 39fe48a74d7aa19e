#pragma once
// From the dialogue before login to the session after it, for every mailbox protocol. The front gives the
// client's connection, a one-use ticket and what the client sent ahead to a session process that runs as the
// mailbox's owner. In clear the front is then out of the way, and the pending answer is its lifeline: it ends
// when the session ends. Under TLS the front stays as a pump between the client's TLS and a socketpair, so
// that keys and mail never share a process.
#include <string>

#include "common/net/stream.h"
#include "common/process/daemon.h"

namespace ekiden::front {

struct LoggedIn {
    std::string ticket;          // from authd
    std::string client_address;  // "192.0.2.1"
    std::string session;         // id for the log
};

// Returns when the session has ended. An error means that no session process took the connection, and the
// client is still ours to answer. Throws net::Closed as the stream does.
Task<Result<>> hand_over(process::Worker& worker, ipc::Service session_service, net::Stream& client,
                         LoggedIn login);

}  // namespace ekiden::front
