#include "authd/grants.h"

#include <fmt/format.h>

#include <algorithm>

namespace ekiden::authd {
namespace {

std::string owner_key(std::string_view network, std::string_view user) {
    return std::string(network) + " " + std::string(user);
}

}  // namespace

Grants::Grants(const Clock& clock, GrantPolicy policy) : clock_(clock), policy_(std::move(policy)) {}

std::string Grants::network_of(const net::IpAddress& client) const {
    return (client.v6() ? client.masked(policy_.ipv6_prefix) : client).print();
}

void Grants::load(const std::vector<Grant>& kept) {
    std::int64_t now = clock_.wall_seconds();
    for (const Grant& grant : kept) {
        // A clock that was set back must not turn minutes into years.
        std::int64_t left = std::min(grant.expires - now, grant.expires - grant.since);
        Result<net::IpAddress> address = net::IpAddress::parse(grant.network);
        bool excluded = !address || policy_.exclude_networks.contains(*address);
        if (left <= 0 || excluded)
            changes_.push_back({GrantChange::Kind::erase, grant});
        else
            insert({grant, clock_.steady_us() + left * 1'000'000, clock_.steady_us() + left * 1'000'000});
    }
}

void Grants::insert(Entry entry) {
    while (entries_.size() >= policy_.max_grants) erase(entries_.begin(), true);
    std::string key = owner_key(entry.grant.network, entry.grant.user);
    std::string network = entry.grant.network;
    Entries::iterator place = entries_.insert(entries_.end(), std::move(entry));
    by_owner_[key] = place;
    by_network_[network].push_back(place);
}

void Grants::erase(Entries::iterator entry, bool tell_store) {
    const Grant& grant = entry->grant;
    by_owner_.erase(owner_key(grant.network, grant.user));
    auto neighbours = by_network_.find(grant.network);
    neighbours->second.remove(entry);
    if (neighbours->second.empty()) by_network_.erase(neighbours);
    if (tell_store) changes_.push_back({GrantChange::Kind::erase, grant});
    entries_.erase(entry);
}

Grants::Entries::iterator Grants::find(const std::string& network, std::string_view user) {
    auto found = by_owner_.find(owner_key(network, user));
    return found == by_owner_.end() ? entries_.end() : found->second;
}

bool Grants::put(const std::string& network, std::string_view user, std::string_view service, Seconds ttl) {
    std::int64_t now = clock_.wall_seconds();
    std::int64_t length_us = std::chrono::microseconds(ttl).count();
    Entry entry{{network, std::string(user), std::string(service), now, now + ttl.count(), 0},
                clock_.steady_us() + length_us,
                clock_.steady_us() + length_us};
    Entries::iterator old = find(network, user);
    bool renewed = old != entries_.end() && live(*old);
    bool worth_keeping = true;
    if (old != entries_.end()) {
        bool same = old->grant.service == service && old->grant.recipients == 0;
        std::int64_t gained = entry.until_us - old->kept_us;
        worth_keeping = !same || gained < 0 || gained >= length_us / 100;
        if (!worth_keeping) entry.kept_us = old->kept_us;
        erase(old, false);  // the put below replaces it in the store too
    }
    if (worth_keeping) changes_.push_back({GrantChange::Kind::put, entry.grant});
    insert(std::move(entry));
    return renewed;
}

Grants::Login Grants::logged_in(const net::IpAddress& client, std::string_view user, std::string_view service,
                                bool tls) {
    if (policy_.ttl.count() <= 0 || (policy_.require_tls && !tls)) return Login::none;
    if (std::ranges::find(policy_.services, service) == policy_.services.end()) return Login::none;
    if (policy_.exclude_networks.contains(client)) return Login::none;
    return put(network_of(client), user, service, policy_.ttl) ? Login::renewed : Login::opened;
}

GrantAnswer Grants::check(const net::IpAddress& client, std::string_view sender,
                          const std::vector<std::string>& owners) {
    auto found = by_network_.find(network_of(client));
    if (found == by_network_.end() || policy_.exclude_networks.contains(client)) return {};
    GrantAnswer answer;
    // The latest login is the one that is named in the log when several would do.
    for (auto place = found->second.rbegin(); place != found->second.rend(); ++place) {
        Entry& entry = **place;
        if (!live(entry)) continue;
        bool matches = !policy_.match_sender ||
                       (!sender.empty() && std::ranges::find(owners, entry.grant.user) != owners.end());
        GrantOutcome outcome = GrantOutcome::granted;
        if (!matches)
            outcome = GrantOutcome::sender_refused;
        else if (policy_.recipient_limit > 0 && entry.grant.recipients >= policy_.recipient_limit)
            outcome = GrantOutcome::over_limit;
        // Used up says more than not matching, which says more than none.
        if (answer.outcome == GrantOutcome::none || outcome != GrantOutcome::sender_refused)
            answer = {outcome, shown(entry)};
        if (outcome != GrantOutcome::granted) continue;
        ++entry.grant.recipients;
        if (policy_.recipient_limit > 0) changes_.push_back({GrantChange::Kind::put, entry.grant});
        break;
    }
    return answer;
}

Grant Grants::shown(const Entry& entry) const {
    Grant grant = entry.grant;
    grant.expires = clock_.wall_seconds() + (entry.until_us - clock_.steady_us() + 999'999) / 1'000'000;
    return grant;
}

Result<Grant> Grants::add(const net::IpAddress& client, std::string_view user, Seconds ttl) {
    if (policy_.exclude_networks.contains(client))
        return denied(fmt::format("{} is in pop_before_smtp_exclude_networks", client.print()));
    put(network_of(client), user, "ekipop", ttl);
    return shown(entries_.back());
}

template <class Predicate>
std::size_t Grants::revoke_if(Predicate&& doomed) {
    std::size_t count = 0;
    for (Entries::iterator entry = entries_.begin(); entry != entries_.end();) {
        Entries::iterator next = std::next(entry);
        if (doomed(*entry)) {
            count += live(*entry) ? 1 : 0;
            erase(entry, true);
        }
        entry = next;
    }
    return count;
}

std::size_t Grants::revoke_address(const net::IpAddress& client) {
    std::string network = network_of(client);
    return revoke_if([&](const Entry& entry) { return entry.grant.network == network; });
}

std::size_t Grants::revoke_user(std::string_view user) {
    return revoke_if([&](const Entry& entry) { return entry.grant.user == user; });
}

std::size_t Grants::flush() {
    sweep();
    std::size_t count = entries_.size();
    entries_.clear();
    by_owner_.clear();
    by_network_.clear();
    changes_.clear();  // what was to be put or erased goes with the rest
    changes_.push_back({GrantChange::Kind::erase_all, {}});
    return count;
}

void Grants::sweep() {
    revoke_if([&](const Entry& entry) { return !live(entry); });
}

std::vector<Grant> Grants::list() {
    sweep();
    std::vector<Grant> all;
    for (const Entry& entry : entries_) all.push_back(shown(entry));
    return all;
}

}  // namespace ekiden::authd
