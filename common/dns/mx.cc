#include "common/dns/mx.h"

#include <algorithm>
#include <tuple>

#include "common/dns/name.h"

namespace ekiden::dns {
namespace {

// Sorted by preference, one record a host (the best), possible hosts only.
std::vector<MxRecord> usable_records(std::span<const MxRecord> records) {
    std::vector<MxRecord> usable;
    for (const MxRecord& record : records)
        if (is_host_name(record.exchange)) usable.push_back({record.preference, canonical(record.exchange)});
    std::ranges::sort(usable, [](const MxRecord& a, const MxRecord& b) {
        return std::tie(a.preference, a.exchange) < std::tie(b.preference, b.exchange);
    });
    std::vector<MxRecord> unique;
    for (MxRecord& record : usable) {
        bool known = std::any_of(unique.begin(), unique.end(),
                                 [&](const MxRecord& other) { return other.exchange == record.exchange; });
        if (!known) unique.push_back(std::move(record));
        if (unique.size() >= records_limit) break;
    }
    return unique;
}

}  // namespace

std::vector<MxRecord> mx_records(const Answer& answer) {
    std::vector<MxRecord> records;
    for (const std::string& rdata : answer.rdata) {
        Result<MxRecord> record = parse_mx(rdata);
        if (record) records.push_back(std::move(*record));
    }
    return records;
}

MailHosts order_mail_hosts(std::span<const MxRecord> records,
                           const std::function<bool(std::string_view)>& is_self,
                           const RandomBelow& random_below) {
    MailHosts result;
    if (!records.empty() && std::all_of(records.begin(), records.end(),
                                        [](const MxRecord& record) { return record.exchange.empty(); })) {
        result.kind = MailHosts::Kind::null_mx;
        return result;
    }
    std::vector<MxRecord> usable = usable_records(records);
    if (usable.empty()) return result;
    // Only hosts that are strictly better than ourselves may be tried; else two backups would send mail in a
    // circle.
    auto self = std::find_if(usable.begin(), usable.end(),
                             [&](const MxRecord& record) { return is_self(record.exchange); });
    if (self != usable.end()) {
        const std::uint16_t own = self->preference;
        std::erase_if(usable, [own](const MxRecord& record) { return record.preference >= own; });
    }
    if (usable.empty()) {
        result.kind = MailHosts::Kind::loops_back;
        return result;
    }
    result.kind = MailHosts::Kind::listed;
    for (MxRecord& record : usable) {
        if (result.groups.empty() || result.groups.back().preference != record.preference)
            result.groups.push_back({record.preference, {}});
        result.groups.back().hosts.push_back(std::move(record.exchange));
    }
    for (MailHostGroup& group : result.groups) shuffle(group.hosts, random_below);
    return result;
}

std::vector<MailTarget> order_targets(std::vector<MailTarget> targets, AddressPreference preference,
                                      std::size_t limit, const RandomBelow& random_below) {
    shuffle(targets, random_below);
    bool v6_turn = preference == AddressPreference::ipv6;
    if (preference == AddressPreference::any && !targets.empty()) v6_turn = targets.front().address.v6();
    std::vector<MailTarget> ordered;
    while (!targets.empty() && ordered.size() < limit) {
        auto next = std::find_if(targets.begin(), targets.end(), [v6_turn](const MailTarget& target) {
            return target.address.v6() == v6_turn;
        });
        if (next == targets.end()) next = targets.begin();
        ordered.push_back(std::move(*next));
        targets.erase(next);
        v6_turn = !v6_turn;
    }
    return ordered;
}

std::vector<net::IpAddress> addresses(const Answer& answer) {
    std::vector<net::IpAddress> found;
    for (const std::string& rdata : answer.rdata)
        if (rdata.size() == 4 || rdata.size() == 16) found.push_back(net::IpAddress::from_octets(rdata));
    return found;
}

}  // namespace ekiden::dns
