#include "queue/relay/route.h"

#include <algorithm>

namespace ekiden::relay {

Route::Route(dns::Resolver& resolver, const Policy& policy, const dns::RandomBelow& random_below, NextHop hop)
    : resolver_(resolver), policy_(policy), random_below_(random_below), hop_(std::move(hop)) {}

std::optional<Failure> Route::take_mx(const dns::Answer& answer) {
    const std::vector<dns::MxRecord> records = dns::mx_records(answer);
    const auto is_self = [this](std::string_view name) {
        return name == policy_.own_name &&
               std::ranges::find(policy_.own_ports, hop_.port) != policy_.own_ports.end();
    };
    const dns::RandomBelow as_they_stand = [](std::uint32_t below) { return below - 1; };
    dns::MailHosts hosts =
        dns::order_mail_hosts(records, is_self, policy_.randomize ? random_below_ : as_they_stand);
    switch (hosts.kind) {
        case dns::MailHosts::Kind::null_mx: return null_mx(hop_.host);
        case dns::MailHosts::Kind::loops_back: return loops_back(hop_.host);
        case dns::MailHosts::Kind::unusable: return no_such_host(hop_.host, dns::Type::mx);
        case dns::MailHosts::Kind::listed: break;
    }
    groups_ = std::move(hosts.groups);
    std::ranges::reverse(groups_);
    return std::nullopt;
}

Task<std::optional<Failure>> Route::find_hosts() {
    if (hop_.look_up_mx) {
        Result<dns::Answer> answer = co_await resolver_.resolve(hop_.host, dns::Type::mx);
        if (!answer) co_return dns_failed(hop_.host, dns::Type::mx);
        if (answer->existence == dns::Existence::found) co_return take_mx(*answer);
    }
    // RFC 5321 §5.1: without MX records the domain is its own mail host.
    groups_.push_back({0, {hop_.host}});
    co_return std::nullopt;
}

bool Route::leads_to_us(const std::vector<dns::MailTarget>& targets) const {
    return std::ranges::any_of(targets, [this](const dns::MailTarget& target) {
        return policy_.is_self(target.address, hop_.port);
    });
}

Task<Route::Group> Route::targets_of(dns::MailHostGroup group) {
    std::vector<dns::MailTarget> targets;
    for (const std::string& host : group.hosts) {
        if (Result<net::IpAddress> literal = net::IpAddress::parse(host); literal && !hop_.look_up_mx) {
            targets.push_back({host, *literal});
            continue;
        }
        Result<std::vector<net::IpAddress>> found =
            co_await dns::host_addresses(resolver_, host, policy_.ipv4, policy_.ipv6);
        if (!found) {
            failure_ = dns_failed(host, dns::Type::a);
            continue;
        }
        // A host without addresses is the fault of the domain's owner, unless DNS may know better later.
        if (found->empty() && (!failure_ || failure_->permanent)) failure_ = no_such_host(host, dns::Type::a);
        for (const net::IpAddress& address : *found) targets.push_back({host, address});
    }
    // Our own address under another name: this host and all worse ones would send the mail in a circle.
    if (leads_to_us(targets)) {
        groups_.clear();
        if (found_any_) co_return std::vector<dns::MailTarget>();
        // The better hosts are only missing from DNS for now: we are their backup and keep the mail.
        if (failure_ && !failure_->permanent) co_return std::unexpected(*failure_);
        co_return std::unexpected(loops_back(hop_.host));
    }
    if (!policy_.randomize) co_return targets;
    co_return dns::order_targets(std::move(targets), policy_.preference, dns::records_limit, random_below_);
}

Task<Route::Group> Route::next() {
    if (!begun_) {
        begun_ = true;
        std::optional<Failure> failure = co_await find_hosts();
        if (failure) co_return std::unexpected(std::move(*failure));
    }
    while (!groups_.empty()) {
        dns::MailHostGroup group = std::move(groups_.back());
        groups_.pop_back();
        Group targets = co_await targets_of(std::move(group));
        if (!targets) co_return targets;
        if (targets->empty()) continue;
        found_any_ = true;
        co_return targets;
    }
    if (!found_any_ && failure_) co_return std::unexpected(*failure_);
    co_return std::vector<dns::MailTarget>();
}

}  // namespace ekiden::relay
