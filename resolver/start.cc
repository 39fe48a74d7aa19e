#include "resolver/start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/owned_fd.h"
#include "common/dns/nameservers.h"
#include "common/log/events.h"

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

}  // namespace

Result<Options> options_of(const Settings& settings) {
    Options options;
    Result<std::string> file_of_system = read_file(resolv_conf);
    Result<std::vector<std::string>> servers =
        dns::nameservers_of(settings, file_of_system ? *file_of_system : std::string());
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
