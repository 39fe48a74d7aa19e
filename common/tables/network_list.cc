#include "common/tables/network_list.h"

#include "common/config/bad_parameter.h"
#include "common/config/table_reference.h"
#include "common/tables/list_items.h"
#include "common/text/ascii.h"

namespace ekiden::tables {
namespace {

constexpr const char* remedy =
    ": write an address, a network like 192.0.2.0/24 or [2001:db8::]/32, /file or cidr:/file";

// A lookup that fails belongs to no network: that is `fail:`, which is for trying things out.
bool holds(Table& table, const net::IpAddress& address) {
    Task<Found> lookup = table.find(address.print());
    lookup.start();  // tables that this process has itself answer at once
    Found found = lookup.result();
    return found && found->has_value();
}

}  // namespace

Result<decltype(NetworkList::Element::what)> NetworkList::read(const std::string& item,
                                                               const Source& source) {
    auto reference = config::parse_table_reference(item);
    const config::TableType* type = reference ? config::find_table_type(reference->type) : nullptr;
    if (!type) {
        Result<net::Network> network = net::Network::parse(item);
        if (!network) return malformed(network.error().text + remedy);
        return *network;
    }
    Result<std::vector<config::TableReference>> leaves = config::leaf_tables(item);
    if (!leaves) return pass(leaves);
    for (const config::TableReference& leaf : *leaves)
        if (config::find_table_type(leaf.type)->asked_at_router())
            return malformed(text::printable(item, 100) + " cannot be looked up in a list of networks" +
                             remedy);
    std::vector<config::Finding> told_by_the_check;
    Result<std::unique_ptr<Table>> table = open(item, source, told_by_the_check);
    if (!table) return pass(table);
    return std::shared_ptr<Table>(std::move(*table));
}

Result<NetworkList> NetworkList::parse(const List& items, const Source& source) {
    Result<std::vector<ListItem>> plain = list_items(items, source);
    if (!plain) return pass(plain);
    NetworkList list;
    for (const ListItem& item : *plain) {
        auto what = read(item.text, source);
        if (!what) return malformed(item.where + what.error().text);
        list.elements_.push_back({item.negated, std::move(*what)});
    }
    return list;
}

Result<NetworkList> NetworkList::of(const Param<List>& parameter, const Settings& settings,
                                    const Source& source) {
    Result<NetworkList> list = parse(settings[parameter], source);
    if (!list) return config::bad_parameter(parameter.name, list.error());
    return list;
}

bool NetworkList::contains(const net::IpAddress& address) const {
    for (const Element& element : elements_) {
        const auto* network = std::get_if<net::Network>(&element.what);
        bool fits = network ? network->contains(address)
                            : holds(*std::get<std::shared_ptr<Table>>(element.what), address);
        if (fits) return !element.negated;
    }
    return false;
}

}  // namespace ekiden::tables
