#pragma once
// Lists that say which domains or clients are meant: mydestination, relay_domains, mynetworks,
// smtpd_client_event_limit_exceptions. Items are names, `.domain`, networks, `type:table` (a key that is
// found matches),
// `/file` with more items, and `!item` for what is not meant; the first item that fits decides.
#include <variant>

#include "common/net/address.h"
#include "common/tables/list_items.h"
#include "common/tables/open.h"

namespace ekiden::tables {

class MatchList {
  public:
    MatchList() = default;
    // `parents`: a domain also means its subdomains. Malformed for a bad network, table or file.
    static Result<MatchList> make(const List& items, bool parents, const Source& source,
                                  std::vector<config::Finding>& findings);

    bool empty() const { return items_.empty(); }
    // For lists of domains.
    Task<Result<bool>> has_domain(std::string domain) const;
    // For lists of clients: by address, and by name where it is known.
    Task<Result<bool>> has_client(std::string name, net::IpAddress address) const;

  private:
    struct Item {
        bool negated;
        std::variant<std::string, net::Network, std::unique_ptr<Table>> what;
    };
    Result<> add(const ListItem& item, const Source& source, std::vector<config::Finding>& findings);
    bool name_fits(const std::string& pattern, std::string_view name) const;

    std::vector<Item> items_;
    bool parents_ = false;
};

}  // namespace ekiden::tables
