#include "common/dns/client.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/dns/mx.h"
#include "common/dns/name.h"

namespace ekiden::dns {
namespace {

constexpr std::size_t client_names_limit = 3;

struct TypePair {
    Type type;
    ipc::DnsType message;
};
constexpr auto type_pairs = std::to_array<TypePair>({
    {Type::a, ipc::DnsType::a},
    {Type::aaaa, ipc::DnsType::aaaa},
    {Type::mx, ipc::DnsType::mx},
    {Type::txt, ipc::DnsType::txt},
    {Type::ptr, ipc::DnsType::ptr},
    {Type::cname, ipc::DnsType::cname},
    {Type::tlsa, ipc::DnsType::tlsa},
    {Type::ns, ipc::DnsType::ns},
});

}  // namespace

ipc::DnsType to_message(Type type) {
    auto pair = std::ranges::find(type_pairs, type, &TypePair::type);
    return pair->message;
}

Type from_message(ipc::DnsType type) {
    auto pair = std::ranges::find(type_pairs, type, &TypePair::message);
    return pair->type;
}

ipc::DnsAnswer to_message(const Result<Answer>& answer) {
    ipc::DnsAnswer message{};
    if (!answer) {
        message.status = ipc::DnsStatus::failed;
        message.why = answer.error().text;
        return message;
    }
    message.bogus = answer->security == Security::bogus;
    message.secure = answer->security == Security::secure;
    message.canonical_name = answer->canonical_name;
    message.ttl = answer->ttl;
    message.why = answer->why;
    switch (answer->existence) {
        case Existence::found: message.status = ipc::DnsStatus::ok; break;
        case Existence::no_data: message.status = ipc::DnsStatus::no_data; break;
        case Existence::no_name: message.status = ipc::DnsStatus::nxdomain; break;
    }
    if (message.bogus)
        message.status = ipc::DnsStatus::failed;
    else
        message.records = answer->rdata;
    return message;
}

Result<Answer> from_message(ipc::DnsAnswer message) {
    if (message.status == ipc::DnsStatus::failed) return temporary(std::move(message.why));
    if (message.records.size() > records_limit) return malformed("too many records from the resolver");
    Answer answer;
    answer.security = message.secure ? Security::secure : Security::insecure;
    answer.canonical_name = std::move(message.canonical_name);
    answer.ttl = message.ttl;
    answer.rdata = std::move(message.records);
    if (message.status == ipc::DnsStatus::ok && !answer.rdata.empty())
        answer.existence = Existence::found;
    else
        answer.existence =
            message.status == ipc::DnsStatus::nxdomain ? Existence::no_name : Existence::no_data;
    return answer;
}

Task<Result<Answer>> PeerResolver::resolve(std::string name, Type type) {
    ipc::DnsQuery query{std::move(name), to_message(type)};
    Result<ipc::DnsAnswer> reply = co_await peer_.ask(std::move(query), time_);
    if (!reply) co_return pass(std::move(reply));
    co_return from_message(std::move(*reply));
}

Task<Result<Answer>> resolve(ipc::Peer& peer, std::string name, Type type) {
    PeerResolver resolver(peer);
    Result<Answer> answer = co_await resolver.resolve(std::move(name), type);
    co_return answer;
}

Task<Result<std::vector<net::IpAddress>>> host_addresses(Resolver& resolver, std::string host, bool ipv4,
                                                         bool ipv6) {
    std::vector<net::IpAddress> found;
    std::optional<Error> failure;
    for (Type type : {Type::a, Type::aaaa}) {
        if (type == Type::a ? !ipv4 : !ipv6) continue;
        Result<Answer> answer = co_await resolver.resolve(host, type);
        if (!answer) {
            failure = answer.error();
            continue;
        }
        for (const net::IpAddress& address : addresses(*answer)) found.push_back(address);
        // The name does not exist: then it has no address of the other family either.
        if (answer->existence == Existence::no_name) break;
    }
    if (found.empty() && failure) co_return std::unexpected(*failure);
    co_return found;
}

Task<ClientName> confirm_client_name(Resolver& resolver, net::IpAddress address) {
    ClientName result;
    Result<Answer> pointers = co_await resolver.resolve(address.reverse_name(), Type::ptr);
    if (!pointers) {
        result.kind = ClientName::Kind::unsure;
        co_return result;
    }
    std::size_t tried = 0;
    for (const std::string& rdata : pointers->rdata) {
        Result<std::string> name = parse_name(rdata);
        if (!name || !is_host_name(*name)) continue;
        if (++tried > client_names_limit) break;
        if (result.ptr.empty()) result.ptr = *name;
        if (result.kind == ClientName::Kind::none) result.kind = ClientName::Kind::unconfirmed;
        Result<std::vector<net::IpAddress>> found =
            co_await host_addresses(resolver, *name, !address.v6(), address.v6());
        if (!found) {
            result.kind = ClientName::Kind::unsure;
        } else if (std::ranges::find(*found, address) != found->end()) {
            result.kind = ClientName::Kind::confirmed;
            result.name = *name;
            co_return result;
        }
    }
    co_return result;
}

Task<ClientName> confirm_client_name(ipc::Peer& peer, net::IpAddress address) {
    PeerResolver resolver(peer);
    ClientName name = co_await confirm_client_name(resolver, address);
    co_return name;
}

}  // namespace ekiden::dns
