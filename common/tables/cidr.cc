#include "common/tables/cidr.h"

namespace ekiden::tables {
namespace {

Result<NetworkPattern> take_network(std::string_view text, std::string_view& rest) {
    bool negated = text.starts_with('!');
    if (negated) text = text::trim(text.substr(1));
    std::size_t end = 0;
    while (end < text.size() && !text::is_space(text[end])) ++end;
    rest = text.substr(end);
    Result<net::Network> network = net::Network::parse(text.substr(0, end));
    if (!network) return pass(network);
    return NetworkPattern{negated, *network};
}

}  // namespace

CidrTable::CidrTable(std::string name, std::string_view content, const std::string& file,
                     std::vector<config::Finding>& findings)
    : LocalTable(std::move(name)),
      lines_(pattern_lines<NetworkPattern>(content, file, findings, take_network)) {}

Found CidrTable::find_now(std::string_view key) {
    Result<net::IpAddress> address = net::IpAddress::parse(key);
    if (!address) return std::nullopt;
    const auto* line = first_match(lines_, [&](const NetworkPattern& pattern) {
        return pattern.network.contains(*address) != pattern.negated;
    });
    if (!line) return std::nullopt;
    return line->value;
}

}  // namespace ekiden::tables
