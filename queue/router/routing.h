#pragma once
// The routing part of one configuration: which domains are ours and how, and the tables that say where mail
// goes. Made anew for every generation of the configuration; questions that are under way keep the one they
// began with.
#include <memory>

#include "common/config/snapshot.h"
#include "common/ipc/messages/router.h"
#include "common/mail/alias.h"
#include "common/tables/routing_tables.h"
#include "queue/router/directory.h"

namespace ekiden::router {

using ipc::AddressClass;

struct Owner {
    std::uint32_t uid;
    std::uint32_t gid;
};

struct Mailbox {
    std::string path;  // below virtual_mailbox_base, "domain/user/"
    Owner owner;
    std::uint64_t quota;
};

// What aliases(5) make of a local name.
struct LocalAlias {
    std::vector<mail::AliasTarget> targets;
    std::string user;   // with whose rights commands and files are used; empty: default_privs
    std::string owner;  // the envelope sender of what goes on; empty: there is no owner-NAME
};

// Where the mail of a local name goes once no alias and no .forward has it.
struct LocalMailbox {
    std::string name;     // of the user; of nobody: as it stands in the address, without extension
    bool exists = false;  // such a user
    // "transport:nexthop" of mailbox_transport or, of names that nobody has, fallback_transport; empty: ours.
    std::string way;
    std::string command;      // mailbox_command_maps; empty: as main.cf says
    std::string luser_relay;  // the address that gets what is for nobody; empty: none
};

class Routing {
    struct Key {};  // only make() makes one

  public:
    Routing(Key, const Settings& settings)
        : settings_(settings), directory_(settings[param::directory_database]) {}
    // `virtual_owner`: the ids of mailboxes for which nothing else is said. Wrong lines of tables are told in
    // `findings`.
    static Result<std::shared_ptr<Routing>> make(const Settings& settings, const tables::Source& source,
                                                 Owner virtual_owner, std::vector<config::Finding>& findings);

    const Settings& settings() const { return settings_; }

    // local@domain; without a domain myorigin is added. The domain is in lower case.
    std::string complete(std::string_view address) const;
    Task<Result<AddressClass>> class_of(std::string domain);
    // Of a domain of this host, where virtual(5) knows a user without the domain too.
    bool is_site_local(std::string_view address, AddressClass address_class) const;

    // Where one address leads by aliases (one step); nothing where it leads nowhere else. `@other` as a
    // target keeps the user; an extension that the table did not have is added to the targets
    // (propagate_unmatched_extensions).
    Task<Result<std::optional<List>>> targets_of(std::string address, AddressClass address_class);
    // The same for alias_maps, which are for names of local domains only.
    Task<Result<std::optional<LocalAlias>>> local_alias_of(std::string address);
    // What local(8) does with the address behind alias_maps.
    Task<Result<LocalMailbox>> local_mailbox_of(std::string address);
    // The mailbox of an address in our domains; nothing where there is none.
    Task<Result<std::optional<Mailbox>>> mailbox_of(std::string address);
    // Is the address of a class that has a list of its own in that list? Aliases and mailboxes aside.
    Task<Result<bool>> is_listed(std::string address, AddressClass address_class);
    // transport_maps: "transport:nexthop" for an address.
    Task<Result<std::optional<std::string>>> transport_of(std::string address);

  private:
    bool is_our_literal(std::string_view domain) const;
    Task<Result<std::optional<List>>> directory_targets(std::string address);
    Task<Result<std::string>> owner_of_alias(std::string alias);
    // The user of this host whom the address's local part names, with or without extension.
    Result<std::optional<std::string>> user_of(const std::string& address) const;
    Result<std::string> luser_relay_for(const std::string& address) const;
    Result<std::optional<Mailbox>> directory_mailbox(const std::string& address);
    Task<Result<std::uint32_t>> id_of(const tables::Maps& maps, std::string address, std::uint32_t standard);

    Settings settings_;
    Directory directory_;
    Owner virtual_owner_{};
    tables::RoutingTables tables_;
};

}  // namespace ekiden::router
