#pragma once
// Asking the resolver process. Who needs answers takes a Resolver by reference; a worker has the one that
// speaks to its peer, a test has one with a table. What comes back was parsed by the resolver, but is checked
// again by the parsers of answer.h: it began its life with strangers.
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/dns/answer.h"
#include "common/event/loop.h"
#include "common/ipc/messages/dns.h"
#include "common/ipc/peers.h"
#include "common/net/address.h"

namespace ekiden::dns {

class Resolver {
  public:
    virtual ~Resolver() = default;
    // The records of one name and type. "It does not exist" is an answer; a failing server, a time-out or a
    // bogus answer is a temporary error, a name that cannot be one is malformed.
    virtual Task<Result<Answer>> resolve(std::string name, Type type) = 0;
};

// The resolver of a worker: the service behind this peer, which outlives it. `time` for each question; a
// little more than the resolver's own dns_timeout, so that its reason arrives.
class PeerResolver final : public Resolver {
  public:
    explicit PeerResolver(ipc::Peer& peer, Milliseconds time = Milliseconds(20'000))
        : peer_(peer), time_(time) {}
    Task<Result<Answer>> resolve(std::string name, Type type) override;

  private:
    ipc::Peer& peer_;
    Milliseconds time_;
};

// The same for one question.
Task<Result<Answer>> resolve(ipc::Peer& peer, std::string name, Type type);

// The addresses of a host in the families asked for, by A and AAAA. Empty: it has none. An error only when
// nothing was found and a question failed, so that a broken AAAA does not hide an A.
Task<Result<std::vector<net::IpAddress>>> host_addresses(Resolver& resolver, std::string host, bool ipv4,
                                                         bool ipv6);

// The name of a client for log lines, Received: and policy.
struct ClientName {
    enum class Kind : std::uint8_t {
        confirmed,    // PTR gives a name, and one of its addresses is the client's
        unconfirmed,  // PTR gives a name that does not lead back; `name` is "unknown"
        none,         // no PTR
        unsure,       // DNS failed: a later look-up may tell
    };
    Kind kind = Kind::none;
    std::string name = "unknown";  // confirmed: the name; else "unknown", as in Postfix
    std::string ptr;               // what PTR said (reject_unknown_reverse_client_hostname)
};

// PTR, then forward (RFC 1912 §2.1). At most three names are tried; never fails.
Task<ClientName> confirm_client_name(Resolver& resolver, net::IpAddress address);
Task<ClientName> confirm_client_name(ipc::Peer& peer, net::IpAddress address);

// Between the message and our types, for the resolver process and for tests.
ipc::DnsType to_message(Type type);
Type from_message(ipc::DnsType type);
ipc::DnsAnswer to_message(const Result<Answer>& answer);
Result<Answer> from_message(ipc::DnsAnswer answer);

}  // namespace ekiden::dns
