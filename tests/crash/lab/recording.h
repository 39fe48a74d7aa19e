#pragma once
// The history of a disk: every change that a traced process made to the files below a directory, and its
// ledger, in the order in which they happened. Kept in a file, so that a state made from it can be made
// again.
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/lab/disk.h"
#include "tests/crash/lab/tracer.h"

namespace ekiden::crash {

struct Recording {
    std::map<std::string, Inode> roots;  // directories that were there at the beginning: "spool/"
    std::vector<Change> changes;

    void save(const std::string& path) const;
    static Recording load(const std::string& path);
};

class Recorder : public Watcher {
  public:
    // What happens below `root`; lines written to `ledger` are reports.
    Recorder(std::string root, int ledger) : root_(std::move(root)), ledger_(ledger) {}
    void add_root(const std::string& path);

    Verdict entering(const Call& call) override;
    void made(const Call& call) override;
    Recording take() { return std::move(recording_); }

  private:
    struct Place {  // a name in a directory
        Inode directory = 0;
        std::string name;
        Inode inode = 0;  // what stands there now; 0: nothing
    };
    std::optional<Place> place(const Call& call, int directory_argument, int name_argument) const;
    std::optional<Inode> file(const Call& call, int descriptor) const;
    void wrote(const Call& call);
    void named(const Call& call);
    void opened(const Call& call);
    void add(Change change) { recording_.changes.push_back(std::move(change)); }

    std::string root_;
    int ledger_;
    Recording recording_;
    std::optional<Place> from_, to_;  // of the call under way
};

}  // namespace ekiden::crash
