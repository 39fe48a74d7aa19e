#pragma once
// socketmap:unix:/path:name and socketmap:inet:address:port:name: a server of the administrator's that
// answers lookups. Connections are kept for the next lookup; a lookup that finds its kept connection dead
// tries once more with a new one. Every failure is temporary but PERM.
#include <deque>
#include <variant>

#include "common/event/loop.h"
#include "common/net/address.h"
#include "common/net/stream.h"
#include "common/tables/table.h"

namespace ekiden::tables {

// What stands behind `socketmap:`.
struct SocketmapServer {
    std::variant<std::string, net::Endpoint> where;  // the path of a Unix socket, or an address
    std::string map;
    bool is_unix() const { return where.index() == 0; }
};
// Malformed with the form that it should have; names of hosts are refused, for the router cannot look them
// up.
Result<SocketmapServer> parse_socketmap(std::string_view name);

class SocketmapTable final : public Table {
  public:
    // `loop` outlives this; null: lookups fail, the table is only looked at. `fold`: keys are asked for
    // without their case.
    SocketmapTable(std::string name, SocketmapServer server, event::Loop* loop, bool fold);
    Task<Found> find(std::string key) override;

  private:
    using Connection = std::unique_ptr<net::Stream>;
    Task<Result<Connection>> connect();
    Task<Result<Found>> ask(net::Stream& connection, const std::string& request);
    Task<Found> find_at(std::string key);

    const SocketmapServer server_;
    event::Loop* const loop_;
    const bool fold_;
    std::deque<Connection> idle_;
    std::size_t in_use_ = 0;
    std::unique_ptr<event::Signal> freed_;
};

}  // namespace ekiden::tables
