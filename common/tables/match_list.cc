#include "common/tables/match_list.h"

#include "common/config/table_reference.h"
#include "common/tables/lookup_order.h"
#include "common/text/ascii.h"

namespace ekiden::tables {
namespace {

bool looks_like_network(std::string_view item) {
    if (item.starts_with('[') || item.find(':') != std::string_view::npos) return true;
    std::string_view address = item.substr(0, item.find('/'));
    return !address.empty() && address.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Result<MatchList> MatchList::make(const List& items, bool parents, const Source& source,
                                  std::vector<config::Finding>& findings) {
    MatchList list;
    list.parents_ = parents;
    Result<std::vector<ListItem>> plain = list_items(items, source);
    if (!plain) return pass(plain);
    for (const ListItem& item : *plain)
        if (Result<> added = list.add(item, source, findings); !added) return pass(added);
    return list;
}

Result<> MatchList::add(const ListItem& item, const Source& source, std::vector<config::Finding>& findings) {
    const auto& [negated, text, where] = item;
    auto reference = config::parse_table_reference(text);
    if (reference && config::find_table_type(reference->type)) {
        Result<std::unique_ptr<Table>> table = open(text, source, findings);
        if (!table) return pass(table);
        items_.push_back({negated, std::move(*table)});
        return {};
    }
    if (looks_like_network(text)) {
        Result<net::Network> network = net::Network::parse(text);
        if (!network) return malformed(where + network.error().text);
        items_.push_back({negated, *network});
        return {};
    }
    items_.push_back({negated, text::to_lower(text)});
    return {};
}

bool MatchList::name_fits(const std::string& pattern, std::string_view name) const {
    if (pattern == name) return true;
    if (pattern.starts_with('.')) return name.size() > pattern.size() && name.ends_with(pattern);
    return parents_ && name.size() > pattern.size() + 1 && name.ends_with(pattern) &&
           name[name.size() - pattern.size() - 1] == '.';
}

Task<Result<bool>> MatchList::has_domain(std::string domain) const {
    std::string folded = text::to_lower(domain);
    for (const Item& item : items_) {
        if (const auto* pattern = std::get_if<std::string>(&item.what)) {
            if (name_fits(*pattern, folded)) co_return !item.negated;
        } else if (const auto* table = std::get_if<std::unique_ptr<Table>>(&item.what)) {
            std::vector<std::string> keys = domain_keys(folded, parents_);
            if ((*table)->takes_whole_keys()) keys.resize(1);
            for (const std::string& key : keys) {
                Found found = co_await (*table)->find(key);
                if (!found) co_return pass(found);
                if (*found) co_return !item.negated;
            }
        }
    }
    co_return false;
}

Task<Result<bool>> MatchList::has_client(std::string name, net::IpAddress address) const {
    std::string folded = text::to_lower(name);
    std::string printed = address.print();
    for (const Item& item : items_) {
        if (const auto* network = std::get_if<net::Network>(&item.what)) {
            if (network->contains(address)) co_return !item.negated;
        } else if (const auto* pattern = std::get_if<std::string>(&item.what)) {
            if (!folded.empty() && name_fits(*pattern, folded)) co_return !item.negated;
        } else {
            const auto& table = std::get<std::unique_ptr<Table>>(item.what);
            std::vector<std::string> keys{printed};
            if (!folded.empty()) keys.insert(keys.begin(), folded);
            for (const std::string& key : keys) {
                Found found = co_await table->find(key);
                if (!found) co_return pass(found);
                if (*found) co_return !item.negated;
            }
        }
    }
    co_return false;
}

}  // namespace ekiden::tables
