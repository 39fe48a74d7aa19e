#include "common/tables/socketmap.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "common/net/listener.h"
#include "common/tables/socketmap_protocol.h"
#include "common/text/ascii.h"
#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

using namespace std::chrono_literals;

// Shorter together than the 30 seconds that who asks the router waits.
constexpr Milliseconds connect_time = 8s;
constexpr Milliseconds reply_time = 15s;
constexpr Milliseconds turn_time = 5s;
constexpr std::size_t most_connections = 20;
constexpr std::size_t most_idle = 4;

constexpr const char* forms = "write socketmap:unix:/path:name or socketmap:inet:address:port:name";

Result<OwnedFd> connect_to_server(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // A Unix socket connects at once, or not at all where the server's backlog is full.
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return system_error("connect to " + path, errno);
    return fd;
}

}  // namespace

Result<SocketmapServer> parse_socketmap(std::string_view name) {
    std::size_t last = name.rfind(':');
    std::string bad = "bad socketmap \"" + text::printable(name, 100) + "\" (" + forms + ")";
    if (last == std::string_view::npos || last + 1 == name.size()) return malformed(bad);
    SocketmapServer server{{}, std::string(name.substr(last + 1))};
    std::string_view where = name.substr(0, last);
    if (where.starts_with("unix:/")) {
        server.where = std::string(where.substr(5));
        if (where.size() - 5 >= sizeof sockaddr_un::sun_path)
            return malformed(bad + ": the path is too long");
        return server;
    }
    if (!where.starts_with("inet:")) return malformed(bad);
    std::string endpoint(where.substr(5));
    if (endpoint.starts_with("localhost:")) endpoint.replace(0, 9, "127.0.0.1");
    Result<net::Endpoint> parsed = net::Endpoint::parse(endpoint);
    if (!parsed) return malformed(bad + ": " + parsed.error().text);
    server.where = *parsed;
    return server;
}

SocketmapTable::SocketmapTable(std::string name, SocketmapServer server, event::Loop* loop, bool fold)
    : Table(std::move(name)), server_(std::move(server)), loop_(loop), fold_(fold) {
    if (loop_) freed_ = std::make_unique<event::Signal>(*loop_);
}

Task<Result<SocketmapTable::Connection>> SocketmapTable::connect() {
    Result<OwnedFd> fd = temporary("");
    if (const auto* path = std::get_if<std::string>(&server_.where)) {
        fd = connect_to_server(*path);
    } else {
        fd = co_await net::connect_to(*loop_, std::get<net::Endpoint>(server_.where), std::nullopt,
                                      connect_time);
    }
    if (!fd) co_return pass(fd);
    co_return std::make_unique<net::Stream>(*loop_, std::move(*fd));
}

// The outer error: the connection is of no use any more.
Task<Result<Found>> SocketmapTable::ask(net::Stream& connection, const std::string& request) {
    try {
        connection.write(request);
        co_await connection.flush(reply_time);
        while (true) {
            auto reply = take_netstring(connection.buffered(), limits::socketmap_reply);
            if (!reply) co_return pass(reply);
            if (*reply) {
                Found found = read_socketmap_reply((*reply)->content);
                connection.consume((*reply)->taken);
                if (!connection.buffered().empty()) co_return malformed("more than one reply");
                co_return found;
            }
            co_await connection.fill(reply_time);
        }
    } catch (const net::Closed& closed) {
        co_return temporary(closed.text);
    }
}

Task<Found> SocketmapTable::find_at(std::string key) {
    std::string request = socketmap_request(server_.map, key);
    while (true) {
        bool kept = !idle_.empty();
        Result<Connection> connection = Connection();
        if (kept) {
            connection = std::move(idle_.front());
            idle_.pop_front();
        } else {
            connection = co_await connect();
        }
        if (!connection) co_return pass(connection);
        Result<Found> answer = co_await ask(**connection, request);
        if (!answer && kept) continue;  // the server had closed it
        if (!answer) co_return pass(answer);
        if (idle_.size() < most_idle) idle_.push_back(std::move(*connection));
        co_return std::move(*answer);
    }
}

Task<Found> SocketmapTable::find(std::string key) {
    if (key.size() > limits::asked_key) co_return key_too_long(name(), key.size());
    if (!loop_) co_return temporary(name() + " cannot be asked here");
    if (in_use_ >= most_connections) {
        bool freed = co_await freed_->wait(turn_time);
        if (!freed || in_use_ >= most_connections) co_return temporary(name() + ": too many lookups at once");
    }
    struct Turn {
        SocketmapTable& table;
        explicit Turn(SocketmapTable& t) : table(t) { ++table.in_use_; }
        ~Turn() {
            --table.in_use_;
            table.freed_->notify_all();
        }
    } turn(*this);
    Found found = co_await find_at(fold_ ? text::fold_case(key) : std::move(key));
    if (found) co_return found;
    std::string why = name() + ": " + found.error().text;
    if (found.error().kind == ErrorKind::permanent) co_return permanent(why);
    co_return temporary(why);
}

}  // namespace ekiden::tables
