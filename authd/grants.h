#pragma once
// The POP-before-SMTP table: which client addresses may relay because somebody logged in from there, who, and
// until when. The table is in memory; every change is also queued for a GrantStore, which keeps it over
// restarts, and a login is answered only when its change is kept. Time runs by the steady clock while the
// process lives, so a wall clock that jumps neither ends nor prolongs a grant; after a restart what is left
// is clamped to what was given.
//
// A grant belongs to a network (an IPv4 address, an IPv6 prefix) and a user: behind one NAT each user has
// their own.
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/accounts/login_options.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/net/address.h"

namespace ekiden::authd {

using accounts::GrantPolicy;

struct Grant {
    std::string network;  // "192.0.2.1", "2001:db8:1:2::"
    std::string user;
    std::string service;          // whose login made it: "pop3", or "ekipop"
    std::int64_t since = 0;       // UTC seconds
    std::int64_t expires = 0;     // UTC seconds
    std::int64_t recipients = 0;  // used up so far
};

struct GrantChange {
    enum class Kind { put, erase, erase_all };
    Kind kind;
    Grant grant;  // of erase: network and user
};

enum class GrantOutcome {
    granted,
    none,            // nobody logged in from there
    sender_refused,  // somebody did, but the sender is not an address of theirs
    over_limit,      // their recipients are used up
};

struct GrantAnswer {
    GrantOutcome outcome = GrantOutcome::none;
    Grant grant{};  // meaningful unless none
};

class Grants {
  public:
    Grants(const Clock& clock, GrantPolicy policy);

    // What the store kept; call once, before anything else. What has expired, or is in an excluded network
    // now, is not taken over.
    void load(const std::vector<Grant>& kept);

    // A login was good. `none`: the policy gives no grant for it. A renewal that adds less than a hundredth
    // of the time-to-live to what the store has is not written: mail programs that look in every few seconds
    // cost no disk, and a restart takes at most that hundredth from the grant.
    enum class Login { none, opened, renewed };
    Login logged_in(const net::IpAddress& client, std::string_view user, std::string_view service, bool tls);

    // May this client relay with this sender? `owners`: the accounts to which the sender belongs (unused when
    // senders need not match; the null sender gets nothing while they must). A granted answer counts one
    // recipient.
    GrantAnswer check(const net::IpAddress& client, std::string_view sender,
                      const std::vector<std::string>& owners);

    // By the operator: whatever the services and TLS rules say, but never in an excluded network (denied).
    Result<Grant> add(const net::IpAddress& client, std::string_view user, Seconds ttl);
    // All grants of an address, or of a user; how many there were.
    std::size_t revoke_address(const net::IpAddress& client);
    std::size_t revoke_user(std::string_view user);
    std::size_t flush();
    std::vector<Grant> list();  // oldest first

    // Drops what has expired; call every minute or so.
    void sweep();
    std::size_t size() const { return entries_.size(); }
    const GrantPolicy& policy() const { return policy_; }
    void set_policy(GrantPolicy policy) { policy_ = std::move(policy); }

    // Changes since the last call, in order, for the store.
    std::vector<GrantChange> take_changes() { return std::exchange(changes_, {}); }
    bool has_changes() const { return !changes_.empty(); }

  private:
    struct Entry {
        Grant grant;
        std::int64_t until_us;  // steady time
        std::int64_t kept_us;   // until when, as the store has it
    };
    using Entries = std::list<Entry>;  // renewed longest ago first
    std::string network_of(const net::IpAddress& client) const;
    // True when there was one before.
    bool put(const std::string& network, std::string_view user, std::string_view service, Seconds ttl);
    void insert(Entry entry);
    void erase(Entries::iterator entry, bool tell_store);
    Entries::iterator find(const std::string& network, std::string_view user);
    bool live(const Entry& entry) const { return entry.until_us > clock_.steady_us(); }
    Grant shown(const Entry& entry) const;
    template <class Predicate>
    std::size_t revoke_if(Predicate&& doomed);

    const Clock& clock_;
    GrantPolicy policy_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> by_owner_;               // network + blank + user
    std::unordered_map<std::string, std::list<Entries::iterator>> by_network_;  // oldest first
    std::vector<GrantChange> changes_;
};

}  // namespace ekiden::authd
