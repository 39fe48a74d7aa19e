#include "common/config/tls_versions.h"

#include <array>
#include <optional>

#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr std::array<std::string_view, 6> versions{"SSLv2",   "SSLv3",   "TLSv1",
                                                   "TLSv1.1", "TLSv1.2", "TLSv1.3"};
constexpr std::size_t tls_1_2 = 4;

using Chosen = std::array<bool, versions.size()>;

std::optional<std::size_t> version_named(std::string_view name) {
    for (std::size_t i = 0; i < versions.size(); ++i)
        if (text::equal_ignoring_case(versions[i], name)) return i;
    return {};
}

bool take(std::string_view& from, std::string_view prefix) {
    if (!from.starts_with(prefix)) return false;
    from.remove_prefix(prefix.size());
    return true;
}

struct Wish {
    Chosen named{}, excluded{};
    bool any_named = false, older = false;
    std::size_t lowest = 0, highest = versions.size() - 1;

    Result<> add(std::string_view item) {
        std::string_view name = item;
        const bool no = take(name, "!"), from = !no && take(name, ">="),
                   to = !no && !from && take(name, "<=");
        std::optional<std::size_t> version = version_named(name);
        if (!version)
            return malformed("\"" + text::printable(item, 60) +
                             "\" is no TLS version: TLSv1.2 or TLSv1.3, with "
                             ">=, <= or ! before it");
        if (no) excluded[*version] = true;
        if (from) lowest = *version;
        if (to) highest = *version;
        if (!no && !from && !to) any_named = named[*version] = true;
        older |= !no && *version < tls_1_2;
        return {};
    }
    bool wants(std::size_t version) const {
        return version >= lowest && version <= highest && !excluded[version] &&
               (!any_named || named[version]);
    }
};

}  // namespace

Result<TlsVersions> tls_versions(const List& list) {
    Wish wish;
    for (const std::string& item : list)
        for (const std::string& piece : text::split(item, ":"))  // Postfix separates by colons, too
            if (Result<> added = wish.add(piece); !added) return pass(added);
    const bool two = wish.wants(tls_1_2), three = wish.wants(tls_1_2 + 1);
    if (!two && !three) return malformed("leaves neither TLSv1.2 nor TLSv1.3");
    return TlsVersions{versions[two ? tls_1_2 : tls_1_2 + 1], versions[three ? tls_1_2 + 1 : tls_1_2],
                       wish.older};
}

}  // namespace ekiden::config
