#include "common/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/text/ascii.h"

namespace ekiden::net {

Result<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    std::string copy(text);
    in6_addr six;
    in_addr four;
    if (inet_pton(AF_INET, copy.c_str(), &four) == 1)
        return from_octets({reinterpret_cast<const char*>(&four), sizeof four});
    if (inet_pton(AF_INET6, copy.c_str(), &six) == 1)
        return from_octets({reinterpret_cast<const char*>(&six), sizeof six});
    return malformed(fmt::format("\"{}\" is not an IP address", text::printable(text, 80)));
}

IpAddress IpAddress::from_octets(std::string_view octets) {
    static constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    if (octets.size() == 16 && octets.starts_with(mapped)) octets.remove_prefix(12);
    IpAddress address;
    address.v6_ = octets.size() == 16;
    std::memcpy(address.octets_.data(), octets.data(),
                std::min<std::size_t>(octets.size(), address.v6_ ? 16 : 4));
    return address;
}

bool IpAddress::loopback() const {
    if (!v6_) return octets_[0] == 127;
    return std::ranges::all_of(octets_.begin(), octets_.begin() + 15, [](auto o) { return o == 0; }) &&
           octets_[15] == 1;
}

std::string IpAddress::print() const {
    char text[INET6_ADDRSTRLEN];
    inet_ntop(v6_ ? AF_INET6 : AF_INET, octets_.data(), text, sizeof text);
    return text;
}

std::string IpAddress::literal() const { return fmt::format("[{}{}]", v6_ ? "IPv6:" : "", print()); }

std::string IpAddress::reverse_name() const {
    std::string name;
    if (!v6_) return fmt::format("{}.{}.{}.{}.in-addr.arpa", octets_[3], octets_[2], octets_[1], octets_[0]);
    for (auto octet = octets_.rbegin(); octet != octets_.rend(); ++octet)
        name += fmt::format("{:x}.{:x}.", *octet & 15, *octet >> 4);
    return name + "ip6.arpa";
}

IpAddress IpAddress::masked(unsigned bits) const {
    IpAddress result = *this;
    for (unsigned i = 0; i < 16; ++i) {
        unsigned keep = bits > i * 8 ? std::min(bits - i * 8, 8u) : 0;
        result.octets_[i] &= static_cast<std::uint8_t>(0xff00 >> keep);
    }
    return result;
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return malformed(fmt::format("\"{}\" has no port", text::printable(text, 80)));
    auto port = text::parse_number(text.substr(colon + 1));
    if (!port || *port > 65535)
        return malformed(fmt::format("\"{}\" has no valid port", text::printable(text, 80)));
    Result<IpAddress> address = IpAddress::parse(text.substr(0, colon));
    if (!address) return pass(address);
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::print() const {
    return address.v6() ? fmt::format("[{}]:{}", address.print(), port)
                        : fmt::format("{}:{}", address.print(), port);
}

socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) {
    std::memset(&out, 0, sizeof out);
    if (endpoint.address.v6()) {
        auto& six = reinterpret_cast<sockaddr_in6&>(out);
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(endpoint.port);
        std::memcpy(&six.sin6_addr, endpoint.address.octets().data(), 16);
        return sizeof six;
    }
    auto& four = reinterpret_cast<sockaddr_in&>(out);
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::memcpy(&four.sin_addr, endpoint.address.octets().data(), 4);
    return sizeof four;
}

Result<Endpoint> from_sockaddr(const sockaddr_storage& in) {
    if (in.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(in);
        return Endpoint{IpAddress::from_octets({reinterpret_cast<const char*>(&four.sin_addr), 4}),
                        ntohs(four.sin_port)};
    }
    if (in.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(in);
        return Endpoint{IpAddress::from_octets({reinterpret_cast<const char*>(&six.sin6_addr), 16}),
                        ntohs(six.sin6_port)};
    }
    return malformed("not an IP socket");
}

Result<Network> Network::parse(std::string_view text) {
    std::size_t slash = text.find('/');
    Result<IpAddress> address = IpAddress::parse(text.substr(0, slash));
    if (!address) return pass(address);
    unsigned width = address->v6() ? 128 : 32;
    Network network;
    network.bits_ = width;
    if (slash != std::string_view::npos) {
        auto bits = text::parse_number(text.substr(slash + 1));
        if (!bits || *bits > width)
            return malformed(
                fmt::format("\"{}\": the prefix length must be 0 to {}", text::printable(text, 80), width));
        network.bits_ = static_cast<unsigned>(*bits);
    }
    network.base_ = address->masked(network.bits_);
    if (network.base_ != *address)
        return malformed(fmt::format("\"{}\" has bits set beyond its prefix; did you mean {}?",
                                     text::printable(text, 80), network.print()));
    return network;
}

bool Network::contains(const IpAddress& address) const {
    return address.v6() == base_.v6() && address.masked(bits_) == base_;
}

std::string Network::print() const {
    return base_.v6() ? fmt::format("[{}]/{}", base_.print(), bits_)
                      : fmt::format("{}/{}", base_.print(), bits_);
}

bool contains(const std::vector<Network>& networks, const IpAddress& address) {
    return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

}  // namespace ekiden::net
