#pragma once
// What is wrong inside the tables that the parameters name: lines that no reader takes, databases that are
// not there, ways to transports that do not exist.
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/config/snapshot.h"
#include "common/tables/open.h"

namespace ekiden::suite {

// Where a parameter is set; line 0 where it is not.
struct Place {
    std::string file;
    int line;
};
using PlaceOf = std::function<Place(std::string_view parameter)>;

// A parameter whose tables hold "transport:nexthop", and what checks such a value.
struct TableOfWays {
    std::string_view parameter;
    Result<> (*check)(std::string_view value);
};

class TableCheck {
  public:
    // Both outlive this.
    TableCheck(const config::Snapshot& snapshot, std::vector<config::Finding>& findings)
        : source_{&snapshot.files, nullptr}, findings_(findings) {}
    // Looks at the tables of these settings that it has not seen before.
    void run(const Settings& settings, const PlaceOf& place_of);

  private:
    void check_table(const std::string& item, std::string_view parameter, const Place& place);
    void check_ways(const std::string& item, const TableOfWays& ways, const Place& place);

    const tables::Source source_;
    std::vector<config::Finding>& findings_;
    std::set<std::string> seen_;
    std::set<std::pair<std::string_view, std::string>> seen_ways_;  // by parameter
};

}  // namespace ekiden::suite
