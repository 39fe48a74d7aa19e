// alias_maps: what aliases(5) say of the names of this host.
#include "common/tables/lookup_order.h"
#include "common/text/ascii.h"
#include "queue/router/local_users.h"
#include "queue/router/routing.h"

namespace ekiden::router {
namespace {

// A delimiter does not cut these: they are names of their own (owner_request_special).
bool is_owner_or_request(std::string_view local) {
    return local.starts_with("owner-") || local.ends_with("-request");
}

}  // namespace

Task<Result<std::optional<LocalAlias>>> Routing::local_alias_of(std::string address) {
    tables::Parts parts = tables::parts_of(address, settings_[param::recipient_delimiter]);
    std::vector<std::string> keys{parts.local};
    bool special = settings_[param::owner_request_special] && is_owner_or_request(parts.local);
    if (parts.user != parts.local && !special) keys.push_back(parts.user);
    // The name as it stands in all tables, before the name without extension in any: tables of patterns, too,
    // are asked for both.
    for (const std::string& key : keys) {
        for (const std::unique_ptr<tables::Table>& table : tables_.aliases.tables()) {
            tables::Found found = co_await table->find(key);
            if (!found) co_return pass(found);
            if (!*found) continue;
            Result<std::vector<mail::AliasTarget>> targets = mail::parse_alias_value(**found);
            if (!targets) co_return temporary(table->name() + ": " + key + ": " + targets.error().text);
            Result<std::string> user = owner_of_table(table->name());
            if (!user) co_return pass(user);
            LocalAlias alias{std::move(*targets), std::move(*user), ""};
            Result<std::string> owner = co_await owner_of_alias(key);
            if (!owner) co_return pass(owner);
            alias.owner = std::move(*owner);
            co_return alias;
        }
    }
    co_return std::nullopt;
}

// owner-NAME, when it is an alias too: the sender of what NAME sends on, so that failures go to its owner. An
// owner is an alias as any other, and can have one itself.
Task<Result<std::string>> Routing::owner_of_alias(std::string alias) {
    std::string name = "owner-" + alias;
    if (!settings_[param::owner_request_special]) co_return "";
    for (const std::unique_ptr<tables::Table>& table : tables_.aliases.tables()) {
        tables::Found found = co_await table->find(name);
        if (!found) co_return pass(found);
        if (!*found) continue;
        if (!settings_[param::expand_owner_alias]) co_return complete(name);
        Result<std::vector<mail::AliasTarget>> targets = mail::parse_alias_value(**found);
        bool one =
            targets && targets->size() == 1 && targets->front().kind == mail::AliasTarget::Kind::address;
        co_return one ? complete(targets->front().text) : complete(name);
    }
    co_return "";
}

}  // namespace ekiden::router
