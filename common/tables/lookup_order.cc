#include "common/tables/lookup_order.h"

#include "common/text/ascii.h"

namespace ekiden::tables {
namespace {

void add_parents(std::vector<std::string>& keys, std::string_view domain, bool dotless) {
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
        keys.emplace_back(domain.substr(dotless ? dot + 1 : dot));
        domain.remove_prefix(dot + 1);
    }
}

}  // namespace

Parts parts_of(std::string_view address, std::string_view delimiters) {
    std::string folded = text::to_lower(address);
    Parts parts;
    std::size_t at = folded.rfind('@');
    parts.local = folded.substr(0, at);
    if (at != std::string::npos) parts.domain = folded.substr(at + 1);
    // A delimiter at the beginning separates nothing; owner-list and list-request are names of their own
    // (Postfix).
    std::size_t cut = delimiters.empty() || parts.local == "mailer-daemon" || parts.local == "double-bounce"
                          ? std::string::npos
                          : parts.local.find_first_of(delimiters, 1);
    parts.user = parts.local.substr(0, cut);
    if (cut != std::string::npos) parts.extension = parts.local.substr(cut);
    return parts;
}

std::vector<std::string> domain_keys(std::string_view domain, bool parents) {
    std::string folded = text::to_lower(domain);
    std::vector<std::string> keys{folded};
    add_parents(keys, folded, parents);
    return keys;
}

std::vector<Key> access_host_keys(std::string_view name, bool parents) {
    std::vector<Key> keys;
    for (std::string& key : domain_keys(name, parents)) keys.push_back({std::move(key), !keys.empty()});
    return keys;
}

std::vector<Key> access_address_keys(std::string_view address, std::string_view delimiters, bool parents) {
    Parts parts = parts_of(address, delimiters);
    std::vector<Key> keys{{text::to_lower(address)}};
    auto add = [&](std::string text) { keys.push_back({std::move(text), true}); };
    if (!parts.domain.empty()) {
        if (!parts.extension.empty()) add(parts.user + "@" + parts.domain);
        for (std::string& key : domain_keys(parts.domain, parents)) add(std::move(key));
    }
    add(parts.local + "@");
    if (!parts.extension.empty()) add(parts.user + "@");
    return keys;
}

std::vector<Key> access_ip_keys(std::string_view address) {
    char separator = address.find(':') == std::string_view::npos ? '.' : ':';
    std::vector<Key> keys{{std::string(address)}};
    while (true) {
        std::size_t cut = address.rfind(separator);
        if (cut == std::string_view::npos || cut == 0) return keys;
        address = address.substr(0, cut);
        while (address.ends_with(separator)) address.remove_suffix(1);
        if (address.empty()) return keys;
        keys.push_back({std::string(address), true});
    }
}

std::vector<Key> transport_keys(std::string_view address, std::string_view delimiters, bool parents) {
    Parts parts = parts_of(address, delimiters);
    std::vector<Key> keys{{std::string(address)}};
    if (!parts.extension.empty()) keys.push_back({parts.user + "@" + parts.domain, true});
    for (std::string& key : domain_keys(parts.domain, parents)) keys.push_back({std::move(key), true});
    keys.push_back({"*", true});
    return keys;
}

std::vector<Key> virtual_keys(std::string_view address, std::string_view delimiters, bool site_local) {
    Parts parts = parts_of(address, delimiters);
    std::vector<Key> keys{{std::string(address)}};
    if (!parts.extension.empty()) keys.push_back({parts.user + "@" + parts.domain, true, parts.extension});
    if (site_local) keys.push_back({parts.local, true});
    if (site_local && !parts.extension.empty()) keys.push_back({parts.user, true, parts.extension});
    keys.push_back({"@" + parts.domain, true});
    return keys;
}

Task<FoundHit> find_first(const Maps& maps, std::vector<Key> keys) {
    for (Key& key : keys) {
        for (const std::unique_ptr<Table>& table : maps.tables()) {
            if (key.part && table->takes_whole_keys()) continue;
            Found found = co_await table->find(key.text);
            if (!found) co_return pass(found);
            if (*found) co_return Hit{std::move(key.text), std::move(**found), std::move(key.extension)};
        }
    }
    co_return std::nullopt;
}

Task<FoundHit> find_virtual(const Maps& maps, std::string address, std::string delimiters, bool site_local) {
    FoundHit hit = co_await find_first(maps, virtual_keys(address, delimiters, site_local));
    co_return hit;
}

}  // namespace ekiden::tables
