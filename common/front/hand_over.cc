// How the pump ends: when the client closes, its end is passed on and the session gets time to see it; when
// the session closes, what it said last is delivered and the client's side is closed.
#include "common/front/hand_over.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "common/ipc/messages/session.h"

namespace ekiden::front {
namespace {

constexpr Milliseconds patience = std::chrono::seconds(10);   // for a session process to be there
constexpr Milliseconds send_time = std::chrono::minutes(10);  // for a peer to take what it is sent
constexpr Milliseconds longest_wait = std::chrono::hours(1);  // idle time-outs are the session's business
constexpr Milliseconds longest_session = std::chrono::hours(24 * 7);

// One direction, until its source has ended; then the end is passed on. `cut` is set when the destination
// takes nothing more.
Task<> pump(net::Stream& from, net::Stream& to, event::Signal& ended, bool* cut = nullptr) {
    bool sending = false;
    try {
        for (;;) {
            co_await from.wait_for_input(longest_wait);
            std::size_t octets = from.buffered().size();
            to.write(from.buffered());
            from.consume(octets);
            sending = true;
            co_await to.flush(send_time);
            sending = false;
        }
    } catch (const net::Closed&) {
        if (sending && cut) *cut = true;
        to.shut_down();
    }
    ended.notify_all();
}

ipc::HandOver message_for(const LoggedIn& login, bool tls, std::string early, OwnedFd connection) {
    return {login.ticket, login.client_address, login.session, tls, std::move(early), std::move(connection)};
}

Task<> keep_lifeline(process::Worker& worker, ipc::Service service, ipc::HandOver message, bool& over,
                     event::Signal& ended) {
    (void)co_await worker.peer(service).ask(std::move(message), longest_session);
    over = true;
    ended.notify_all();
}

Task<Result<>> pump_tls(process::Worker& worker, ipc::Service service, net::Stream& client, LoggedIn login) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        co_return system_error("socketpair for the session", errno);
    net::Stream inner(worker.loop(), OwnedFd(ends[0]));
    std::string early(client.buffered());
    client.consume(early.size());
    event::Signal ended(worker.loop());
    bool over = false, cut = false;
    event::Gate directions(worker.loop());
    directions.spawn(keep_lifeline(
        worker, service, message_for(login, true, std::move(early), OwnedFd(ends[1])), over, ended));
    directions.spawn(pump(client, inner, ended));
    directions.spawn(pump(inner, client, ended, &cut));
    // All three end by themselves: the session's last words pass before its end does.
    // A client that takes nothing more: closing `inner` tells the session so, even while it sends.
    while (!cut && directions.size() > 0 && !(over && directions.size() == 1 && client.unsent() == 0)) {
        bool notified = co_await ended.wait(longest_wait);
        (void)notified;
    }
    co_return Result<>();
}

}  // namespace

Task<Result<>> hand_over(process::Worker& worker, ipc::Service session_service, net::Stream& client,
                         LoggedIn login) {
    bool there = co_await worker.peer(session_service).wait_until_present(patience);
    if (!there) co_return temporary("no process for sessions is running");
    if (client.tls()) {
        Result<> pumped = co_await pump_tls(worker, session_service, client, std::move(login));
        co_return pumped;
    }
    co_await client.flush(send_time);
    net::Stream::Released released = client.release();
    ipc::HandOver message = message_for(login, false, std::move(released.early), std::move(released.fd));
    (void)co_await worker.peer(session_service).ask(std::move(message), longest_session);
    co_return Result<>();
}

}  // namespace ekiden::front
