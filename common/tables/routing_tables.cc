#include "common/tables/routing_tables.h"

#include <algorithm>
#include <array>

#include "common/config/bad_parameter.h"

namespace ekiden::tables {

bool means_subdomains(const Settings& settings, std::string_view list) {
    const List& lists = settings[param::parent_domain_matches_subdomains];
    return std::find(lists.begin(), lists.end(), list) != lists.end();
}

bool may_substitute(std::string_view parameter) {
    static constexpr std::array forbidden{param::alias_maps.name,
                                          param::transport_maps.name,
                                          param::mailbox_transport_maps.name,
                                          param::mailbox_command_maps.name,
                                          param::fallback_transport_maps.name,
                                          param::virtual_mailbox_maps.name,
                                          param::virtual_uid_maps.name,
                                          param::virtual_gid_maps.name};
    return std::ranges::find(forbidden, parameter) == forbidden.end();
}

Result<RoutingTables> RoutingTables::open(const Settings& settings, const Source& source,
                                          std::vector<config::Finding>& findings) {
    RoutingTables all;
    std::pair<MatchList*, const Param<List>*> lists[] = {
        {&all.local_domains, &param::mydestination},
        {&all.alias_domains, &param::virtual_alias_domains},
        {&all.mailbox_domains, &param::virtual_mailbox_domains},
        {&all.relay_domains, &param::relay_domains}};
    for (auto [list, parameter] : lists) {
        bool parents = means_subdomains(settings, parameter->name);
        Result<MatchList> made = MatchList::make(settings[*parameter], parents, source, findings);
        if (!made) return config::bad_parameter(parameter->name, made.error());
        *list = std::move(*made);
    }
    std::pair<Maps*, const Param<List>*> maps[] = {
        {&all.virtual_aliases, &param::virtual_alias_maps},
        {&all.mailboxes, &param::virtual_mailbox_maps},
        {&all.uids, &param::virtual_uid_maps},
        {&all.gids, &param::virtual_gid_maps},
        {&all.transports, &param::transport_maps},
        {&all.relay_recipients, &param::relay_recipient_maps},
        {&all.local_recipients, &param::local_recipient_maps},
        {&all.aliases, &param::alias_maps},
        {&all.mailbox_transports, &param::mailbox_transport_maps},
        {&all.mailbox_commands, &param::mailbox_command_maps},
        {&all.fallback_transports, &param::fallback_transport_maps}};
    for (auto [map, parameter] : maps) {
        Source own = source;
        own.substitute = may_substitute(parameter->name);
        Result<Maps> opened = Maps::open(settings[*parameter], own, findings);
        if (!opened) return config::bad_parameter(parameter->name, opened.error());
        *map = std::move(*opened);
    }
    return all;
}

}  // namespace ekiden::tables
