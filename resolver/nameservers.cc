#include "resolver/nameservers.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

#include "common/text/ascii.h"

namespace ekiden::resolver {
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

}  // namespace ekiden::resolver
