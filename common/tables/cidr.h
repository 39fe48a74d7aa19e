#pragma once
// cidr tables (cidr_table(5)): `network/length value`, `!` for everything else, if and endif; the first match
// counts.
#include "common/net/address.h"
#include "common/tables/pattern_lines.h"
#include "common/tables/table.h"

namespace ekiden::tables {

struct NetworkPattern {
    bool negated;
    net::Network network;
};

class CidrTable final : public LocalTable {
  public:
    CidrTable(std::string name, std::string_view content, const std::string& file,
              std::vector<config::Finding>& findings);
    // Keys that are no addresses are not in the table.
    Found find_now(std::string_view key) override;
    bool takes_whole_keys() const override { return true; }

  private:
    std::vector<PatternLine<NetworkPattern>> lines_;
};

}  // namespace ekiden::tables
