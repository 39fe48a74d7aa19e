#pragma once
// The name and password with which the relay logs in to a smarthost: one line of smtp_sasl_password_maps,
// "user:password", found by the server's name or by the next hop as it is written. The router looks it up;
// the relay holds it for one dialogue.
#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/base/secret.h"
#include "common/config/params.h"
#include "common/event/loop.h"
#include "common/ipc/peers.h"

namespace ekiden::relay {

struct Login {
    std::string user;
    Secret password;
};

class Logins {
  public:
    virtual ~Logins() = default;
    // Nothing where none is known for this server.
    virtual Task<Result<std::optional<Login>>> find(std::string host, std::string next_hop) = 0;
};

// From the tables, by way of the router; `router` outlives it.
class TableLogins final : public Logins {
  public:
    TableLogins(ipc::Peer& router, List tables) : router_(router), tables_(std::move(tables)) {}
    Task<Result<std::optional<Login>>> find(std::string host, std::string next_hop) override;

  private:
    ipc::Peer& router_;
    List tables_;
};

// "user:password"; the password may hold colons. malformed without a colon.
Result<Login> parse_login(std::string_view value);
// What AUTH PLAIN sends (RFC 4616), in base64.
std::string plain_response(const Login& login);

}  // namespace ekiden::relay
