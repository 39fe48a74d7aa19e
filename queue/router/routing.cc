// How: the accounts' directory is asked before main.cf's lists, so that a domain that ekiuser made works
// although the host's name in mydestination covers it. alias_maps stand in local_aliases.cc.
#include "queue/router/routing.h"

#include <algorithm>

#include "common/config/expand.h"
#include "common/net/address.h"
#include "common/tables/lookup_order.h"
#include "common/text/ascii.h"

namespace ekiden::router {
namespace {

std::string domain_of(std::string_view address) {
    std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? "" : std::string(address.substr(at + 1));
}

}  // namespace

Result<std::shared_ptr<Routing>> Routing::make(const Settings& settings, const tables::Source& source,
                                               Owner virtual_owner, std::vector<config::Finding>& findings) {
    auto routing = std::make_shared<Routing>(Key(), settings);
    routing->virtual_owner_ = virtual_owner;
    Result<tables::RoutingTables> opened = tables::RoutingTables::open(settings, source, findings);
    if (!opened) return pass(opened);
    routing->tables_ = std::move(*opened);
    return routing;
}

std::string Routing::complete(std::string_view address) const {
    std::size_t at = address.rfind('@');
    if (at == std::string_view::npos || at + 1 == address.size())
        return std::string(address.substr(0, at)) + "@" + text::to_lower(settings_[param::myorigin]);
    return std::string(address.substr(0, at + 1)) + text::to_lower(address.substr(at + 1));
}

bool Routing::is_our_literal(std::string_view domain) const {
    if (!domain.starts_with('[') || !domain.ends_with(']')) return false;
    std::string_view inside = domain.substr(1, domain.size() - 2);
    if (text::starts_with_ignoring_case(inside, "ipv6:")) inside.remove_prefix(5);
    Result<net::IpAddress> address = net::IpAddress::parse(inside);
    if (!address) return false;
    if (address->loopback()) return true;
    for (const auto* list : {&param::inet_interfaces, &param::proxy_interfaces})
        for (const std::string& own : settings_[*list])
            if (Result<net::IpAddress> ours = net::IpAddress::parse(own); ours && *ours == *address)
                return true;
    return false;
}

Task<Result<AddressClass>> Routing::class_of(std::string domain) {
    Result<bool> ours = directory_.has_domain(domain);
    if (!ours) co_return pass(ours);
    if (*ours) co_return AddressClass::virtual_mailbox;
    if (is_our_literal(domain)) co_return AddressClass::local;
    std::pair<const tables::MatchList*, AddressClass> lists[] = {
        {&tables_.local_domains, AddressClass::local},
        {&tables_.alias_domains, AddressClass::virtual_alias},
        {&tables_.mailbox_domains, AddressClass::virtual_mailbox},
        {&tables_.relay_domains, AddressClass::relay}};
    for (auto [list, address_class] : lists) {
        Result<bool> listed = co_await list->has_domain(domain);
        if (!listed) co_return pass(listed);
        if (*listed) co_return address_class;
    }
    co_return AddressClass::remote;
}

bool Routing::is_site_local(std::string_view address, AddressClass address_class) const {
    return address_class == AddressClass::local ||
           text::equal_ignoring_case(domain_of(address), settings_[param::myorigin]);
}

Task<Result<std::optional<List>>> Routing::targets_of(std::string address, AddressClass address_class) {
    std::string delimiter = settings_[param::recipient_delimiter];
    bool site_local = is_site_local(address, address_class);
    tables::FoundHit hit =
        co_await tables::find_virtual(tables_.virtual_aliases, address, delimiter, site_local);
    if (!hit) co_return pass(hit);
    if (!*hit) {
        Result<std::optional<List>> of_directory = co_await directory_targets(address);
        co_return of_directory;
    }
    Result<List> targets = config::split_list((*hit)->value);
    if (!targets) co_return temporary("virtual_alias_maps: " + targets.error().text);
    std::string user = address.substr(0, address.rfind('@'));
    for (std::string& target : *targets) {
        std::size_t at = target.rfind('@');
        if (target.starts_with('@'))
            target = user + target;
        else
            target.insert(at == std::string::npos ? target.size() : at, (*hit)->extension);
    }
    co_return std::optional(std::move(*targets));
}

Task<Result<std::optional<List>>> Routing::directory_targets(std::string address) {
    tables::Parts parts = tables::parts_of(address, settings_[param::recipient_delimiter]);
    Result<List> exact = directory_.aliases(address);
    if (!exact) co_return pass(exact);
    if (exact->empty() && !parts.extension.empty())
        exact = directory_.aliases(parts.user + "@" + parts.domain);
    if (!exact) co_return pass(exact);
    if (exact->empty()) {
        Result<std::optional<Mailbox>> mailbox = co_await mailbox_of(address);
        if (!mailbox) co_return pass(mailbox);
        if (*mailbox) co_return std::nullopt;
        exact = directory_.aliases("@" + parts.domain);
        if (!exact) co_return pass(exact);
    }
    if (exact->empty()) co_return std::nullopt;
    co_return std::optional(std::move(*exact));
}

Result<std::optional<Mailbox>> Routing::directory_mailbox(const std::string& address) {
    tables::Parts parts = tables::parts_of(address, settings_[param::recipient_delimiter]);
    Result<std::optional<DirectoryMailbox>> row = directory_.mailbox(address);
    if (row && !*row && !parts.extension.empty()) row = directory_.mailbox(parts.user + "@" + parts.domain);
    if (!row) return pass(row);
    if (!*row) return std::nullopt;
    return Mailbox{(*row)->path,
                   {(*row)->uid.value_or(virtual_owner_.uid), (*row)->gid.value_or(virtual_owner_.gid)},
                   (*row)->quota};
}

Task<Result<std::uint32_t>> Routing::id_of(const tables::Maps& maps, std::string address,
                                           std::uint32_t standard) {
    if (maps.empty()) co_return standard;
    std::string key = text::to_lower(address);
    tables::Found found = co_await maps.find(key);
    if (!found) co_return pass(found);
    std::optional<std::uint64_t> number = *found ? text::parse_number(**found) : std::nullopt;
    if (!number || *number > 0xfffffffe)
        co_return temporary("no uid or gid for " + address + " in the tables");
    co_return static_cast<std::uint32_t>(*number);
}

Task<Result<std::optional<Mailbox>>> Routing::mailbox_of(std::string address) {
    Result<std::optional<Mailbox>> of_account = directory_mailbox(address);
    if (!of_account || *of_account) co_return of_account;
    std::string delimiter = settings_[param::recipient_delimiter];
    tables::FoundHit hit = co_await tables::find_virtual(tables_.mailboxes, address, delimiter, false);
    if (!hit) co_return pass(hit);
    if (!*hit) co_return std::nullopt;
    std::string path = (*hit)->value;
    while (path.starts_with('/')) path.erase(0, 1);
    for (const std::string& part : text::split(path, "/"))
        if (part == ".." || part == ".") co_return temporary("virtual_mailbox_maps: bad path for " + address);
    if (path.empty()) co_return temporary("virtual_mailbox_maps: empty path for " + address);
    Result<std::uint32_t> uid = co_await id_of(tables_.uids, address, virtual_owner_.uid);
    if (!uid) co_return pass(uid);
    Result<std::uint32_t> gid = co_await id_of(tables_.gids, address, virtual_owner_.gid);
    if (!gid) co_return pass(gid);
    co_return Mailbox{std::move(path), {*uid, *gid}, 0};
}

Task<Result<bool>> Routing::is_listed(std::string address, AddressClass address_class) {
    if (address_class == AddressClass::remote) co_return true;
    if (address_class == AddressClass::relay && tables_.relay_recipients.empty()) co_return true;
    if (address_class == AddressClass::local && tables_.local_recipients.empty()) co_return true;
    if (address_class != AddressClass::relay && address_class != AddressClass::local) co_return false;
    tables::Parts parts = tables::parts_of(address, settings_[param::recipient_delimiter]);
    // In which order is all one for the answer; the name of a user is asked for first, so that one whom a
    // file has is found while the server of others is away.
    std::vector<tables::Key> keys;
    if (address_class == AddressClass::local) keys = {{parts.local, true}, {parts.user, true}};
    keys.insert(keys.end(), {{address}, {parts.user + "@" + parts.domain, true}, {"@" + parts.domain, true}});
    const tables::Maps& maps =
        address_class == AddressClass::relay ? tables_.relay_recipients : tables_.local_recipients;
    tables::FoundHit hit = co_await tables::find_first(maps, std::move(keys));
    if (!hit) co_return pass(hit);
    co_return hit->has_value();
}

Task<Result<std::optional<std::string>>> Routing::transport_of(std::string address) {
    bool parents = tables::means_subdomains(settings_, "transport_maps");
    std::vector<tables::Key> keys =
        tables::transport_keys(address, settings_[param::recipient_delimiter], parents);
    tables::FoundHit hit = co_await tables::find_first(tables_.transports, std::move(keys));
    if (!hit) co_return pass(hit);
    if (!*hit) co_return std::nullopt;
    co_return std::move((*hit)->value);
}

}  // namespace ekiden::router
