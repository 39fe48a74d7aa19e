#pragma once
// unix:passwd.byname and unix:group.byname: the system's users and groups by the C library, as lines of
// passwd(5) and group(5). Limits: where nsswitch.conf names a service on the network, a lookup waits for it,
// and the process with it; only the router and tools ask.
#include "common/tables/table.h"

namespace ekiden::tables {

class SystemUsersTable final : public LocalTable {
    struct Key {};  // only make() makes one

  public:
    SystemUsersTable(Key, std::string name, bool groups) : LocalTable(std::move(name)), groups_(groups) {}
    // Malformed for any other name than those two.
    static Result<std::unique_ptr<Table>> make(std::string name, std::string_view which);
    Found find_now(std::string_view key) override;

  private:
    Found find_user(const std::string& key) const;
    Found find_group(const std::string& key) const;
    const bool groups_;
};

}  // namespace ekiden::tables
