#pragma once
// A list of networks as mynetworks has it: "192.0.2.0/24", "[2001:db8::]/32", "!192.0.2.7", "/file" with more
// of them, "cidr:/file" and the other tables that the configuration itself holds; the first item that fits
// decides. It answers at once, in a process that may open no files: tables that are looked up elsewhere
// (hash, sqlite) and names of hosts are refused.
#include <memory>
#include <variant>
#include <vector>

#include "common/config/settings.h"
#include "common/net/address.h"
#include "common/tables/open.h"

namespace ekiden::tables {

class NetworkList {
  public:
    // Malformed names the item that cannot be used and what may stand in its place.
    static Result<NetworkList> parse(const List& items, const Source& source = {});
    // The same for a parameter, which an error names.
    static Result<NetworkList> of(const Param<List>& parameter, const Settings& settings,
                                  const Source& source);
    bool contains(const net::IpAddress& address) const;
    bool empty() const { return elements_.empty(); }

  private:
    struct Element {
        bool negated;
        std::variant<net::Network, std::shared_ptr<Table>> what;  // lists are copied, tables need not be
    };
    static Result<decltype(Element::what)> read(const std::string& item, const Source& source);

    std::vector<Element> elements_;
};

}  // namespace ekiden::tables
