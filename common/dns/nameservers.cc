#include "common/dns/nameservers.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

#include "common/config/bad_parameter.h"
#include "common/text/ascii.h"

namespace ekiden::dns {
namespace {

bool is_address(std::string_view text) {
    std::array<unsigned char, 16> octets{};
    const std::string address(
        text.substr(0, text.find('%')));  // resolv.conf(5): a link-local address has a zone
    return inet_pton(AF_INET, address.c_str(), octets.data()) == 1 ||
           inet_pton(AF_INET6, address.c_str(), octets.data()) == 1;
}

}  // namespace

std::vector<std::string> nameservers_of(std::string_view resolv_conf) {
    std::vector<std::string> servers;
    while (!resolv_conf.empty() && servers.size() < nameserver_limit) {
        const std::size_t end = resolv_conf.find('\n');
        std::vector<std::string> words = text::split(resolv_conf.substr(0, end), " \t\r");
        resolv_conf = end == std::string_view::npos ? std::string_view() : resolv_conf.substr(end + 1);
        if (words.size() >= 2 && words[0] == "nameserver" && is_address(words[1]))
            servers.push_back(words[1]);
    }
    return servers;
}

Result<std::string> nameserver(std::string_view text, std::uint16_t default_port) {
    std::string_view address = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find("]:");
        if (close == std::string_view::npos)
            return malformed(fmt::format("bad name server address: {}", text));
        address = text.substr(1, close - 1);
        port = text.substr(close + 2);
    } else if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        address = text.substr(0, at);
        port = text.substr(at + 1);
    } else if (const std::size_t colon = text.find(':');
               colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        address = text.substr(0, colon);
        port = text.substr(colon + 1);
    } else {
        if (!is_address(address)) return malformed(fmt::format("bad name server address: {}", text));
        return fmt::format("{}@{}", address, default_port);
    }
    auto number = text::parse_number(port);
    if (!is_address(address) || !number || *number == 0 || *number > 65535)
        return malformed(fmt::format("bad name server address: {}", text));
    return fmt::format("{}@{}", address, *number);
}

Result<std::vector<std::string>> nameservers_of(const Settings& settings, std::string_view resolv_conf) {
    const std::int64_t port = settings[param::dns_port];
    if (port < 1 || port > 65535) return config::bad_parameter("dns_port", "must be 1 to 65535");
    List listed = settings[param::dns_nameservers];
    if (listed == List{"root"}) return std::vector<std::string>();
    if (listed.empty()) listed = nameservers_of(resolv_conf);
    // resolv.conf(5): without a line the server on this host is asked.
    if (listed.empty()) listed = {"127.0.0.1"};
    std::vector<std::string> servers;
    for (const std::string& text : listed) {
        Result<std::string> server = nameserver(text, static_cast<std::uint16_t>(port));
        if (!server)
            return config::bad_parameter("dns_nameservers",
                                         server.error().text + ": write 192.0.2.1, 192.0.2.1@53 or root");
        servers.push_back(std::move(*server));
    }
    if (servers.size() > nameserver_limit) servers.resize(nameserver_limit);
    return servers;
}

}  // namespace ekiden::dns
