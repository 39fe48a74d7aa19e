// How: the two names are looked up as the router does it, in virtual_alias_maps, the directory that authd
// publishes, and alias_maps. postmaster may lead to root, as in Debian's /etc/aliases; of what an alias names
// no more is looked at.
#include "common/suite/root_check.h"

#include <pwd.h>

#include "common/smtp/way.h"
#include "common/sqlite/database.h"
#include "common/tables/lookup_order.h"
#include "common/tables/routing_tables.h"
#include "common/text/ascii.h"

namespace ekiden::suite {
namespace {

using Known = std::optional<bool>;  // nothing: nobody can say now

template <class T>
Known whether_found(Task<Result<std::optional<T>>> lookup) {
    lookup.start();
    if (!lookup.done()) return std::nullopt;  // a server would have to be waited for
    Result<std::optional<T>> found = lookup.result();
    if (!found) return std::nullopt;
    return found->has_value();
}

// Does the accounts' directory have this domain, and in it somebody for the address?
struct Accounts {
    Known domain, address;
};

Accounts accounts_of(const std::string& path, const std::string& domain, const std::string& address) {
    Result<sqlite::Database> database = sqlite::Database::open(path, {.access = sqlite::Access::immutable});
    if (!database) return {};
    auto has = [&](const char* query, const std::string& key) -> Known {
        Result<sqlite::Statement> statement = database->prepare(query);
        if (!statement) return std::nullopt;
        sqlite::Rows rows = statement->query(key);
        Result<bool> row = rows.next();
        return row ? Known(*row) : std::nullopt;
    };
    Known of_address = has("SELECT 1 FROM mailbox WHERE address = ?", address);
    for (const std::string& key : {address, "@" + domain})
        if (of_address && !*of_address) of_address = has("SELECT 1 FROM alias WHERE address = ?", key);
    return {has("SELECT 1 FROM domain WHERE name = ?", domain), of_address};
}

Known leads_somewhere(const std::string& name, const Settings& settings, const tables::RoutingTables& all) {
    const std::string domain = text::to_lower(settings[param::myorigin]);
    const std::string address = name + "@" + domain;
    Known virtual_alias = whether_found(
        tables::find_virtual(all.virtual_aliases, address, settings[param::recipient_delimiter], true));
    if (!virtual_alias || *virtual_alias) return virtual_alias;
    Accounts accounts = accounts_of(settings[param::directory_database], domain, address);
    bool of_accounts = accounts.domain.value_or(false);
    if (of_accounts || accounts.address.value_or(false)) return accounts.address;
    Known alias = whether_found(all.aliases.find(name));
    bool a_person = name != "root" && ::getpwnam(name.c_str()) != nullptr;
    return alias && !*alias ? Known(a_person) : alias;
}

}  // namespace

std::vector<config::Finding> check_mail_of_root(const config::Snapshot& snapshot) {
    Result<Settings> settings = snapshot.settings();
    if (!settings || (*settings)[param::mydestination].empty()) return {};
    bool others = !(*settings)[param::mailbox_transport].empty() ||
                  !(*settings)[param::mailbox_transport_maps].empty() ||
                  smtp::split_way((*settings)[param::local_transport]).first != "local";
    std::vector<config::Finding> findings, told_before;
    tables::Source source;
    source.files = &snapshot.files;
    Result<tables::RoutingTables> all = tables::RoutingTables::open(*settings, source, told_before);
    if (others || !all) return {};
    for (const char* name : {"root", "postmaster"}) {
        Known found = leads_somewhere(name, *settings, *all);
        if (!found || *found) continue;
        findings.push_back({config::Severity::warning, snapshot.config_directory + "/main.cf", 0,
                            "nobody gets the mail of " + std::string(name) + " on this host",
                            "name somebody in a table of alias_maps: " + std::string(name) + ": you"});
    }
    return findings;
}

}  // namespace ekiden::suite
