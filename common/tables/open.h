#pragma once
// From the text of a configuration to a table: `type:name`, and lists of them that are asked in order. Static
// text tables come from the configuration's snapshot, so that a process in an empty root has them too; tables
// that are files are opened by the router, and everybody else asks it.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/config/finding.h"
#include "common/config/snapshot.h"
#include "common/event/loop.h"
#include "common/ipc/peers.h"
#include "common/tables/table.h"

namespace ekiden::tables {

// Where tables come from in this process.
struct Source {
    // Contents of static tables by path (Snapshot::files); null: read them from disk.
    const std::map<std::string, std::string, std::less<>>* files = nullptr;
    // Whom to ask for tables that are files; null: open them here.
    ipc::Peer* router = nullptr;
    Milliseconds time{30'000};    // for the router's answer
    event::Loop* loop = nullptr;  // on which a server is asked; null: tables of servers cannot be asked here
    bool fold = true;             // exact keys are compared without regard for case
    // Values of patterns may take over ($1) what matched. Not where they become commands, files or ways.
    bool substitute = true;
};

// A file of the configuration, from the snapshot or from disk.
Result<std::string> content_of(const std::string& path, const Source& source);

// Malformed: unknown type or bad content; temporary: a file that cannot be read. Wrong lines of text tables
// are told in `findings` and left out.
Result<std::unique_ptr<Table>> open(std::string_view reference, const Source& source,
                                    std::vector<config::Finding>& findings);

// Tables in order; the first that has the key answers. An error ends the search: mail must not be refused or
// accepted because a table happened to be out of reach.
class Maps {
  public:
    Maps() = default;
    static Result<Maps> open(const List& references, const Source& source,
                             std::vector<config::Finding>& findings);

    bool empty() const { return tables_.empty(); }
    const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }
    Task<Found> find(std::string key) const;

  private:
    std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace ekiden::tables
