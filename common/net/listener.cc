#include "common/net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "common/log/events.h"

namespace ekiden::net {
namespace {

// So many connections are taken in one go before other events get their turn.
constexpr int accept_batch = 16;

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return malformed(fmt::format("{}: longer than the {} octets a Unix socket's path may have", path,
                                     sizeof address.sun_path - 1));
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// Of newer kernels' headers.
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

ErrorKind kind_of_refusal(int error) {
    if (error == ENOENT || error == ENOTDIR || error == ECONNREFUSED) return ErrorKind::not_found;
    if (error == EACCES || error == EPERM) return ErrorKind::denied;
    return ErrorKind::temporary;
}

void no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Nothing: errno says why.
std::optional<Accepted> accept_one(int listener) {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    Accepted accepted{
        OwnedFd(accept4(listener, reinterpret_cast<sockaddr*>(&raw), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)),
        {},
        {}};
    if (!accepted.fd) return std::nullopt;
    if (auto client = from_sockaddr(raw)) accepted.client = *client;
    size = sizeof raw;
    if (getsockname(accepted.fd.get(), reinterpret_cast<sockaddr*>(&raw), &size) == 0)
        if (auto server = from_sockaddr(raw)) accepted.server = *server, no_delay(accepted.fd.get());
    return accepted;
}

// A descriptor kept back, in whose place a client can be taken when there is no other, to be told so.
class Spare {
  public:
    // A copy of `fd`; -1: none is kept.
    explicit Spare(int fd) : source_(fd) {}
    explicit operator bool() const { return static_cast<bool>(copy_); }
    void take() {
        if (!copy_ && source_ >= 0) copy_.reset(fcntl(source_, F_DUPFD_CLOEXEC, 0));
    }
    // Takes the next client of the listener, says `text` and closes. 0, or errno when there was none to take.
    int refuse_one(const std::string& text) {
        copy_.reset();
        OwnedFd client(accept4(source_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const int error = client ? 0 : errno;
        if (client && !text.empty()) send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
        client.reset();
        take();  // before somebody else needs one
        return error;
    }

  private:
    const int source_;
    OwnedFd copy_;
};

// Says that connections cannot be taken, at most once a second however many come.
class ShortageLog {
  public:
    explicit ShortageLog(std::string address) : address_(std::move(address)) {}
    void tell(int error) {
        const std::int64_t now = system_clock().steady_us();
        if (now < next_) return;
        next_ = now + 1'000'000;
        log::emit(events::accept_failed, address_, strerror(error));
    }

  private:
    const std::string address_;
    std::int64_t next_ = 0;  // steady microseconds
};

}  // namespace

Result<OwnedFd> listen_on(const Endpoint& endpoint, int backlog) {
    sockaddr_storage raw;
    socklen_t size = to_sockaddr(endpoint, raw);
    OwnedFd fd(socket(raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("socket for " + endpoint.print(), errno);
    int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (endpoint.address.v6()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&raw), size) != 0 || listen(fd.get(), backlog) != 0)
        return system_error("bind " + endpoint.print(), errno);
    return fd;
}

Result<OwnedFd> listen_on_path(const std::string& path, unsigned mode, int backlog) {
    Result<sockaddr_un> address = unix_address(path);
    if (!address) return pass(address);
    OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("socket for " + path, errno);
    unlink(path.c_str());
    mode_t before = umask(0777 & ~mode);
    int bound = bind(fd.get(), reinterpret_cast<sockaddr*>(&*address), sizeof *address);
    int error = errno;
    umask(before);
    if (bound != 0 || listen(fd.get(), backlog) != 0)
        return system_error("bind " + path, bound != 0 ? error : errno);
    return fd;
}

bool refuse_descriptors(int listener) {
    int off = 0;
    return setsockopt(listener, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off) == 0;
}

Task<> accept_connections(event::Loop& loop, int listener, std::string address, std::function<bool()> room,
                          std::function<void(Accepted)> serve, std::optional<std::string> busy) {
    event::Watch watch(loop, listener);
    Spare spare(busy ? listener : -1);
    ShortageLog shortage(std::move(address));
    for (int batch = 0;;) {
        if (!room() || ++batch > accept_batch) {
            batch = 0;
            co_await loop.sleep(Milliseconds(room() ? 1 : 20));
            continue;
        }
        spare.take();
        if (std::optional<Accepted> accepted = accept_one(listener)) {
            serve(std::move(*accepted));
            continue;
        }
        int error = errno;
        if (error == EMFILE || error == ENFILE) {
            shortage.tell(error);
            error = spare ? spare.refuse_one(*busy) : error;
        } else if (error == ENOMEM || error == ENOBUFS) {
            shortage.tell(error);
        }
        if (error == EAGAIN) {
            batch = 0;
            watch.drained();
            co_await watch.readable(std::chrono::hours(1));
        } else if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) {
            // The client waits in the kernel's queue.
            co_await loop.sleep(std::chrono::seconds(1));
        }
        // Everything else (ECONNABORTED, EINTR, network errors of that client) concerns one client that is
        // gone.
    }
}

Task<Result<OwnedFd>> connect_to(event::Loop& loop, Endpoint remote, std::optional<IpAddress> source,
                                 Milliseconds time) {
    std::string where = "connect to " + remote.print();
    sockaddr_storage raw;
    socklen_t size = to_sockaddr(remote, raw);
    OwnedFd fd(socket(raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) co_return system_error(where, errno);
    if (source) {
        sockaddr_storage own;
        socklen_t own_size = to_sockaddr({*source, 0}, own);
        if (bind(fd.get(), reinterpret_cast<sockaddr*>(&own), own_size) != 0)
            co_return system_error("bind to source address " + source->print(), errno);
    }
    no_delay(fd.get());
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&raw), size) == 0) co_return fd;
    if (errno != EINPROGRESS) co_return system_error(where, errno);
    event::Watch watch(loop, fd.get());
    watch.full();
    bool ready = co_await watch.writable(time);
    if (!ready) co_return system_error(where, ETIMEDOUT);
    int error = 0;
    socklen_t error_size = sizeof error;
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) co_return system_error(where, error);
    co_return fd;
}

Result<OwnedFd> connect_to_path(const std::string& path, Milliseconds time) {
    Result<sockaddr_un> address = unix_address(path);
    if (!address) return pass(address);
    OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("socket for " + path, errno);
    // It bounds the wait for a place in the listener's queue, too.
    const timeval longest{time.count() / 1000, time.count() % 1000 * 1000};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&*address), sizeof *address) == 0) return fd;
    if (errno == EAGAIN) return temporary(path + " is busy: try again later");
    return system_error("connect to " + path, errno, kind_of_refusal(errno));
}

}  // namespace ekiden::net
