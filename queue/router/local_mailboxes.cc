// The users of this host, and what main.cf says of their mailboxes: mailbox_transport for all names,
// mailbox_command_maps for users, fallback_transport and luser_relay for names that nobody has. The order is
// that of Postfix's local(8); each of its tables is asked for the bare name once.
#include "common/config/expand.h"
#include "common/tables/lookup_order.h"
#include "queue/router/local_users.h"
#include "queue/router/routing.h"

namespace ekiden::router {
namespace {

Task<Result<std::string>> value_for(const tables::Maps& maps, std::string name, std::string otherwise) {
    tables::Found found = co_await maps.find(std::move(name));
    if (!found) co_return pass(found);
    co_return found->value_or(std::move(otherwise));
}

}  // namespace

Result<std::optional<std::string>> Routing::user_of(const std::string& address) const {
    tables::Parts parts = tables::parts_of(address, settings_[param::recipient_delimiter]);
    Result<std::optional<std::string>> user = system_user(parts.local);
    if (user && !*user && parts.user != parts.local) user = system_user(parts.user);
    return user;
}

Task<Result<LocalMailbox>> Routing::local_mailbox_of(std::string address) {
    Result<std::optional<std::string>> user = user_of(address);
    if (!user) co_return pass(user);
    LocalMailbox mailbox;
    mailbox.exists = user->has_value();
    mailbox.name = *user ? **user : tables::parts_of(address, settings_[param::recipient_delimiter]).user;
    Result<std::string> way =
        co_await value_for(tables_.mailbox_transports, mailbox.name, settings_[param::mailbox_transport]);
    if (way && way->empty() && !mailbox.exists)
        way = co_await value_for(tables_.fallback_transports, mailbox.name,
                                 settings_[param::fallback_transport]);
    if (!way) co_return pass(way);
    mailbox.way = std::move(*way);
    if (!mailbox.way.empty()) co_return mailbox;
    Result<std::string> last = luser_relay_for(address);
    if (mailbox.exists) last = co_await value_for(tables_.mailbox_commands, mailbox.name, "");
    if (!last) co_return pass(last);
    (mailbox.exists ? mailbox.command : mailbox.luser_relay) = std::move(*last);
    co_return mailbox;
}

// What is put in is not looked at for further $names; `home` and `shell` are of a user who is not there.
Result<std::string> Routing::luser_relay_for(const std::string& address) const {
    const std::string& delimiters = settings_[param::recipient_delimiter];
    tables::Parts parts = tables::parts_of(address, delimiters);
    auto value = [&](std::string_view name) -> std::optional<std::string> {
        std::string found = name == "user"                  ? parts.user
                            : name == "local"               ? parts.local
                            : name == "domain"              ? parts.domain
                            : name == "recipient"           ? address
                            : name == "extension"           ? parts.extension.substr(!parts.extension.empty())
                            : name == "recipient_delimiter" ? parts.extension.substr(0, 1)
                                                            : "";
        for (std::size_t i = found.find('$'); i != std::string::npos; i = found.find('$', i + 2))
            found.insert(i, "$");
        return found;
    };
    Result<std::string> relay = config::expand(settings_[param::luser_relay].text, value);
    if (!relay) return temporary("luser_relay: " + relay.error().text);
    return relay->empty() ? *relay : complete(*relay);
}

}  // namespace ekiden::router
