#include "resolver/start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/owned_fd.h"
#include "common/log/events.h"
#include "resolver/nameservers.h"

namespace ekiden::resolver {
namespace {

constexpr std::size_t file_limit = 64UL * 1024;
constexpr const char* resolv_conf = "/etc/resolv.conf";

// The beginning of a file; all of a sensible one.
Result<std::string> read_file(const std::string& path) {
    OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(path, errno, ErrorKind::not_found);
    std::string text(file_limit, '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t n = ::read(file.get(), text.data() + got, text.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error(path, errno);
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    text.resize(got);
    return text;
}

Result<std::vector<std::string>> servers_of(const Settings& settings) {
    List listed = settings[param::dns_nameservers];
    if (listed == List{"root"}) return std::vector<std::string>();
    if (listed.empty()) {
        Result<std::string> file = read_file(resolv_conf);
        if (file) listed = nameservers_of(*file);
        // resolv.conf(5): without a line the server on this host is asked.
        if (listed.empty()) listed = {"127.0.0.1"};
    }
    if (listed.size() > nameserver_limit) listed.resize(nameserver_limit);
    std::vector<std::string> servers;
    for (const std::string& text : listed) {
        Result<std::string> server = nameserver(text, static_cast<std::uint16_t>(settings[param::dns_port]));
        if (!server) return malformed("dns_nameservers: " + server.error().text);
        servers.push_back(std::move(*server));
    }
    return servers;
}

}  // namespace

Result<Options> options_of(const Settings& settings) {
    if (settings[param::dns_port] < 1 || settings[param::dns_port] > 65535)
        return malformed("dns_port: must be 1..65535");
    Options options;
    Result<std::vector<std::string>> servers = servers_of(settings);
    if (!servers) return pass(std::move(servers));
    options.nameservers = std::move(*servers);
    // The servers of resolv.conf are often stubs that know no DNSSEC; mail must not end for that.
    options.insist_on_dnssec = !settings[param::dns_nameservers].empty();
    const std::string& anchors = settings[param::dns_trust_anchor_file];
    if (!anchors.empty()) {
        Result<std::string> file = read_file(anchors);
        if (file)
            options.trust_anchors = trust_anchors_of(*file);
        else
            log::emit(events::dns_no_trust_anchor, file.error());
    }
    const std::string& hints = settings[param::dns_root_hints_file];
    if (!hints.empty() && ::access(hints.c_str(), R_OK) == 0) options.root_hints_file = hints;
    options.insecure_domains = settings[param::dns_insecure_domains];
    options.cache_size = static_cast<std::size_t>(
        std::clamp<std::int64_t>(settings[param::dns_cache_size], 1 << 20, std::int64_t{1} << 34));
    options.query_limit =
        static_cast<std::size_t>(std::clamp<std::int64_t>(settings[param::dns_query_limit], 1, 100'000));
    options.timeout = settings[param::dns_timeout];
    const List& protocols = settings[param::inet_protocols];
    const auto named = [&](std::string_view name) {
        return std::ranges::find(protocols, name) != protocols.end();
    };
    options.ipv4 = named("all") || named("ipv4");
    options.ipv6 = named("all") || named("ipv6");
    return options;
}

}  // namespace ekiden::resolver
