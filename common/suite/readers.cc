#include "common/suite/readers.h"

#include "common/accounts/login_options.h"
#include "common/config/bad_parameter.h"
#include "common/dns/name.h"
#include "common/dns/nameservers.h"
#include "common/front/pop3_options.h"
#include "common/net/identity.h"
#include "common/process/privileges.h"
#include "common/process/users.h"
#include "common/smtp/options.h"
#include "common/smtp/relay_options.h"
#include "common/smtp/way.h"
#include "common/tables/routing_tables.h"
#include "common/text/ascii.h"

namespace ekiden::suite {
namespace {

template <class T>
Result<> whether(const Result<T>& read) {
    if (!read) return pass(read);
    return {};
}

Result<> read_routing(const Settings& settings, const tables::Source& source) {
    std::vector<config::Finding> told_with_the_tables;
    auto opened = tables::RoutingTables::open(settings, source, told_with_the_tables);
    if (!opened) return pass(opened);
    return smtp::check_ways(settings);
}

// Host names are looked up when master binds; what is neither name nor address is told here.
Result<> read_interfaces(const Settings& settings) {
    for (const std::string& name : settings[param::inet_interfaces])
        if (!net::IpAddress::parse(name) && !dns::is_host_name(name))
            return config::bad_parameter(
                "inet_interfaces",
                "\"" + text::printable(name, 60) + "\" is not all, loopback-only, an address or a host name");
    return {};
}

Result<> read_of_program(ipc::Service service, const Settings& settings, const tables::Source& source) {
    using ipc::Service;
    switch (service) {
        case Service::smtpd:
            return whether(smtp::SessionOptions::from(settings, smtp::Role::transfer, source));
        case Service::submission:
            return whether(smtp::SessionOptions::from(settings, smtp::Role::submission, source));
        case Service::pop3_front: return whether(front::Pop3Options::from(settings, source));
        case Service::authd: return whether(accounts::LoginOptions::from(settings, source));
        case Service::router: return read_routing(settings, source);
        case Service::relay: return whether(smtp::RelayOptions::from(settings));
        case Service::resolver: return whether(dns::nameservers_of(settings, ""));
        default: return {};  // the others take every value that has the right type
    }
}

}  // namespace

Result<> read_options(ipc::Service service, const Settings& settings, const tables::Source& source,
                      bool as_root) {
    const process::Row& row = process::row_of(service);
    if (Result<> read = read_of_program(service, settings, source); !read) return read;
    if (as_root && row.owner)
        if (auto owner = process::owner_of(*row.owner, settings); !owner) return pass(owner);
    // The router and authd give virtual mailboxes their owner.
    if (as_root && (service == ipc::Service::router || service == ipc::Service::authd))
        if (auto owner = process::owner_of(param::virtual_owner, settings); !owner) return pass(owner);
    if (!row.speaks_tls) return {};
    if (Result<> read = read_interfaces(settings); !read) return read;
    return whether(net::IdentityFiles().read(settings));
}

}  // namespace ekiden::suite
