#pragma once
// The tables that the configuration names, for processes that may open no files: they may look into these and
// no others, so that a captured one cannot read what it likes through the router.
#include <map>
#include <memory>
#include <set>

#include "common/config/snapshot.h"
#include "common/tables/open.h"

namespace ekiden::router {

class NamedTables {
  public:
    NamedTables(const config::Snapshot& snapshot, tables::Source source);

    // Denied for a table that stands in no parameter, and for tables of passwords to anybody but the relay.
    Task<tables::Found> find(ipc::Service asker, std::string table, std::string key, bool part = false);
    // What the router must be able to reach for these tables.
    struct Needs {
        std::vector<std::string> paths;  // directories of files and databases
        bool unix_sockets = false;       // a socketmap: behind a path
        bool internet = false;           // a socketmap: behind an address
    };
    Needs needs() const;

  private:
    void collect(const Settings& settings);

    std::map<std::string, std::string, std::less<>> files_;  // of the snapshot, which may go before this does
    tables::Source source_;
    std::set<std::string, std::less<>> named_, secret_;
    std::map<std::string, std::unique_ptr<tables::Table>, std::less<>> open_;
};

}  // namespace ekiden::router
