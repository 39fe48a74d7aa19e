#pragma once
// The lists of domains and the tables by which the router finds out what an address is and where its mail
// goes. The check of a configuration opens them in the same way.
#include "common/config/settings.h"
#include "common/tables/match_list.h"
#include "common/tables/open.h"

namespace ekiden::tables {

// Is a domain in this list (by the parameter's name) meant with its subdomains:
// parent_domain_matches_subdomains.
bool means_subdomains(const Settings& settings, std::string_view list);

// May the values of patterns in this parameter's tables take over what matched? Not where a stranger's
// address would choose commands, files, mailboxes or hosts: alias_maps, transport_maps and what local and
// virtual delivery look up, as in Postfix.
bool may_substitute(std::string_view parameter);

struct RoutingTables {
    MatchList local_domains, alias_domains, mailbox_domains, relay_domains;
    Maps virtual_aliases, mailboxes, uids, gids, transports, relay_recipients, local_recipients, aliases;
    Maps mailbox_transports, mailbox_commands, fallback_transports;

    // Errors name the parameter. Wrong lines of tables are told in `findings`.
    static Result<RoutingTables> open(const Settings& settings, const Source& source,
                                      std::vector<config::Finding>& findings);
};

}  // namespace ekiden::tables
