// From lines of master.cf to services: the row of the privilege table, settings, listeners, how many workers.
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <thread>

#include "common/log/events.h"
#include "common/net/listener.h"
#include "common/text/ascii.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

constexpr int backlog = 1024;
// They go to a worker with one message, which also brings the configuration.
constexpr std::size_t most_listeners = ipc::limits::descriptors - 1;

std::string where(const config::ServiceEntry& entry) { return fmt::format("master.cf: line {}", entry.line); }

// The addresses behind a host of master.cf, or those of inet_interfaces where it names none.
Result<std::vector<net::IpAddress>> addresses_of(const std::string& host, const Settings& settings) {
    std::vector<net::IpAddress> result;
    std::vector<std::string> names = host.empty() ? settings[param::inet_interfaces] : List{host};
    for (const std::string& name : names) {
        if (name == "all") {
            result.push_back(net::IpAddress::parse("0.0.0.0").value());
            result.push_back(net::IpAddress::parse("::").value());
            continue;
        }
        const std::string& numeric = name == "loopback-only" ? std::string("localhost") : name;
        if (auto address = net::IpAddress::parse(numeric)) {
            result.push_back(*address);
            continue;
        }
        addrinfo hints{}, *found = nullptr;
        hints.ai_socktype = SOCK_STREAM;
        if (int error = getaddrinfo(numeric.c_str(), nullptr, &hints, &found); error != 0)
            return not_found(fmt::format("host {}: {}", numeric, gai_strerror(error)));
        for (const addrinfo* each = found; each; each = each->ai_next) {
            sockaddr_storage raw{};
            std::memcpy(&raw, each->ai_addr, each->ai_addrlen);
            if (auto endpoint = net::from_sockaddr(raw)) result.push_back(endpoint->address);
        }
        freeaddrinfo(found);
    }
    return result;
}

bool wanted(const net::IpAddress& address, const Settings& settings) {
    for (const std::string& protocol : settings[param::inet_protocols])
        if (protocol == "all" || protocol == (address.v6() ? "ipv6" : "ipv4")) return true;
    return false;
}

// A socket that an earlier generation bound already, else a new one.
Result<OwnedFd> listener_at(const std::string& address, std::vector<Listening>* before,
                            const std::function<Result<OwnedFd>()>& bind) {
    if (before)
        for (Listening& old : *before)
            if (old.address == address) {
                OwnedFd same(fcntl(old.fd.get(), F_DUPFD_CLOEXEC, 0));
                if (!same) return system_error("the listener at " + address, errno);
                return same;
            }
    return bind();
}

Result<std::vector<Listening>> listen_for(const config::ServiceEntry& entry, const process::Row& row,
                                          const Settings& settings, std::vector<Listening>* before) {
    std::vector<Listening> listening;
    if (entry.type == config::ServiceType::inet) {
        Result<std::vector<net::IpAddress>> addresses = addresses_of(entry.endpoint.host, settings);
        if (!addresses) return pass(addresses);
        for (const net::IpAddress& address : *addresses) {
            if (!wanted(address, settings)) continue;
            net::Endpoint endpoint{address, entry.endpoint.port};
            Result<OwnedFd> fd =
                listener_at(endpoint.print(), before, [&] { return net::listen_on(endpoint, backlog); });
            // A host without IPv6 is no error where every address was asked for.
            if (!fd && address.v6() && entry.endpoint.host.empty() && addresses->size() > 1) continue;
            if (!fd) return pass(fd);
            listening.push_back({endpoint.print(), std::move(*fd)});
        }
        if (listening.empty())
            return not_found("no address to listen on: see inet_interfaces and inet_protocols");
    }
    if (!row.admin_socket.empty()) {
        std::string path = fmt::format("{}/public/{}", settings[param::queue_directory], row.admin_socket);
        // Whom the service would not let in does not even reach it.
        const unsigned mode = row.open_to_users ? 0666 : 0600;
        Result<OwnedFd> fd =
            listener_at("unix:" + path, before, [&] { return net::listen_on_path(path, mode, backlog); });
        if (!fd) return pass(fd);
        if (row.open_to_users) net::refuse_descriptors(fd->get());
        listening.push_back({"unix:" + path, std::move(*fd)});
    }
    if (listening.size() > most_listeners)
        return malformed(
            fmt::format("{} addresses to listen on, at most {} are possible: name fewer in inet_interfaces",
                        listening.size(), most_listeners));
    return listening;
}

unsigned workers_of(const config::ServiceEntry& entry, const process::Row& row) {
    if (row.single) return 1;
    unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    // Postfix's limit bounds processes that serve one client each; here each serves thousands, so that more
    // workers than cores gain nothing. An explicit smaller number is obeyed.
    if (!entry.process_limit || *entry.process_limit == 0) return cores;
    return static_cast<unsigned>(std::min<std::int64_t>(*entry.process_limit, cores));
}

}  // namespace

Result<std::unique_ptr<Service>> Supervisor::make_service(const config::ServiceEntry& entry,
                                                          const config::Snapshot& snapshot,
                                                          Services* before) {
    const process::Row* row = process::row_of_program(entry.command);
    if (!row) return not_found(fmt::format("{}: there is no program \"{}\"", where(entry), entry.command));
    Result<Settings> settings = snapshot.settings_of(entry);
    if (!settings) return malformed(fmt::format("{}: {}", where(entry), settings.error().text));
    auto service = std::make_unique<Service>(entry, row, std::move(*settings));
    service->wanted = workers_of(entry, *row);
    std::vector<Listening>* old = nullptr;
    if (before)
        if (auto found = before->find(key_of(entry)); found != before->end()) old = &found->second->listening;
    Result<std::vector<Listening>> listening = listen_for(entry, *row, service->settings, old);
    if (!listening)
        return temporary(fmt::format("{}: service {}: {}", where(entry), entry.name, listening.error().text));
    service->listening = std::move(*listening);
    if (row->speaks_tls) {
        Result<net::Identity> identity = identities_.read(service->settings);
        if (!identity) return malformed(fmt::format("service {}: {}", entry.name, identity.error().text));
        service->certificates = std::move(identity->certificates);
        service->key = std::move(identity->key);
    }
    return service;
}

Result<Supervisor::Services> Supervisor::make_services(const config::Snapshot& snapshot, Services* before) {
    Services services;
    for (const config::ServiceEntry& entry : snapshot.services) {
        const process::Row* row = process::row_of_program(entry.command);
        Result<Settings> settings = snapshot.settings_of(entry);
        if (row && row->only_with && settings && !(*settings)[*row->only_with]) continue;
        Result<std::unique_ptr<Service>> service = make_service(entry, snapshot, before);
        if (!service) return pass(service);
        services[key_of(entry)] = std::move(*service);
    }
    return services;
}

void Supervisor::start_missing(Service& service) {
    unsigned alive = 0;
    for (const Process& process : processes_)
        if (process.service == &service && !process.draining) ++alive;
    // What failed once is tried again later, for all that are missing.
    while (alive < service.wanted && spawn(service)) ++alive;
}

}  // namespace ekiden::master
