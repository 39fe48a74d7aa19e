#pragma once
// From a next hop to the addresses to try, best first (RFC 5321 §5.1): MX hosts in groups of equal
// preference, or the host itself. Addresses are looked up group by group, so that hosts that are never needed
// cost nothing.
#include <expected>
#include <optional>
#include <vector>

#include "common/dns/client.h"
#include "common/dns/mx.h"
#include "common/smtp/next_hop.h"
#include "queue/relay/failure.h"
#include "queue/relay/policy.h"

namespace ekiden::relay {

using smtp::NextHop;
using smtp::parse_next_hop;

class Route {
  public:
    // All but the hop outlive it.
    Route(dns::Resolver& resolver, const Policy& policy, const dns::RandomBelow& random_below, NextHop hop);

    using Group = std::expected<std::vector<dns::MailTarget>, Failure>;
    // The next targets to try, in order. Empty: there are no more. A failure, where there was nothing to try
    // at all: no such host, DNS does not answer, null MX, we are the best MX ourselves.
    Task<Group> next();

  private:
    Task<std::optional<Failure>> find_hosts();
    std::optional<Failure> take_mx(const dns::Answer& answer);
    Task<Group> targets_of(dns::MailHostGroup group);
    bool leads_to_us(const std::vector<dns::MailTarget>& targets) const;

    dns::Resolver& resolver_;
    const Policy& policy_;
    const dns::RandomBelow& random_below_;
    NextHop hop_;
    bool begun_ = false;
    bool found_any_ = false;
    std::vector<dns::MailHostGroup> groups_;  // still to come, best last
    std::optional<Failure> failure_;          // why groups so far had no addresses
};

}  // namespace ekiden::relay
