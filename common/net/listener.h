#pragma once
// Accepting and making connections.
#include <functional>
#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/event/loop.h"
#include "common/net/address.h"

namespace ekiden::net {

// A bound, listening, non-blocking socket. IPv6 sockets take IPv6 only (each address family has its own
// listener).
Result<OwnedFd> listen_on(const Endpoint& endpoint, int backlog);
// A Unix socket at `path` with that mode; a dead one left there is replaced.
Result<OwnedFd> listen_on_path(const std::string& path, unsigned mode, int backlog);
// The kernel lets nobody send descriptors to connections of that Unix listener. False: it is too old (before
// Linux 6.16) and they come.
bool refuse_descriptors(int listener);

struct Accepted {
    OwnedFd fd;       // non-blocking, close-on-exec
    Endpoint client;  // nothing for Unix sockets
    Endpoint server;  // our end, nothing for Unix sockets
};

// Accepts for as long as the task lives and gives each connection to `serve`, which must not wait. `room`
// tells whether another connection may be taken; while it says no, clients wait in the kernel's queue. When
// no descriptor is left for a connection, the client is told `busy` and closed (where that is empty: just
// closed); without `busy` it waits, too.
Task<> accept_connections(event::Loop& loop, int listener, std::string address, std::function<bool()> room,
                          std::function<void(Accepted)> serve, std::optional<std::string> busy = {});

// A connection to that address, from `source` where given. Temporary errors only.
Task<Result<OwnedFd>> connect_to(event::Loop& loop, Endpoint remote, std::optional<IpAddress> source,
                                 Milliseconds time);
// To a Unix socket; blocking, for command line tools. Errors: not_found when nobody listens there, denied,
// temporary when it is busy, which means that it took no connection within `time`.
Result<OwnedFd> connect_to_path(const std::string& path, Milliseconds time = std::chrono::seconds(10));

}  // namespace ekiden::net
