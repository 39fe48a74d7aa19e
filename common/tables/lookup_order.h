#pragma once
// In which order the parts of an address or of a client are looked up: access(5), virtual(5), transport(5).
// Tables of patterns see the whole string once. The result tells also which key was found, for log lines.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tables/open.h"

namespace ekiden::tables {

struct Hit {
    std::string key;
    std::string value;
    std::string extension;  // of the key
};
using FoundHit = Result<std::optional<Hit>>;

// An address taken apart for lookups, folded to lower case.
struct Parts {
    std::string local;      // with its extension
    std::string user;       // without
    std::string extension;  // "+x", delimiter included; empty: none
    std::string domain;
};
// The last @ separates; `delimiters` are the characters of recipient_delimiter.
Parts parts_of(std::string_view address, std::string_view delimiters);

// What a table is asked for. A part of what is looked for (a parent domain, an address without its extension)
// is nothing for a table of patterns, which has seen the whole.
struct Key {
    std::string text;
    bool part = false;
    std::string extension = {};  // what recipient_delimiter cut off for it: virtual(5) adds it to the result
    bool operator==(const Key&) const = default;
};

// The keys to try, most specific first. `parents`: a domain's key also stands for its subdomains
// (parent_domain_matches_subdomains); otherwise a key `.domain` does. As in Postfix patterns see an address
// in lower case in access tables, and as it was written elsewhere.
std::vector<Key> access_address_keys(std::string_view address, std::string_view delimiters, bool parents);
std::vector<Key> access_host_keys(std::string_view name, bool parents);
// By dropping octets from the right: 192.0.2.1, 192.0.2, 192.0, 192; IPv6 by its pairs.
std::vector<Key> access_ip_keys(std::string_view address);
std::vector<std::string> domain_keys(std::string_view domain, bool parents);
// transport(5): user+ext@domain, user@domain, domain, .parents, *.
std::vector<Key> transport_keys(std::string_view address, std::string_view delimiters, bool parents);

// Each key in order, in all tables: what the first one has for a domain must not hide what the second one has
// for an address.
Task<FoundHit> find_first(const Maps& maps, std::vector<Key> keys);
// virtual(5): user+ext@domain, user@domain, @domain; `site_local` also user+ext and user.
std::vector<Key> virtual_keys(std::string_view address, std::string_view delimiters, bool site_local);
Task<FoundHit> find_virtual(const Maps& maps, std::string address, std::string delimiters, bool site_local);

}  // namespace ekiden::tables
