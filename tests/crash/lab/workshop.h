#pragma once
// A scratch place in memory for one state after the other: directories for spool and mail, the ledger,
// processes that play and recover in them, and the block of lines that tells an auditor how it went.
#include <functional>
#include <string>

#include "common/base/owned_fd.h"
#include "tests/crash/lab/disk.h"
#include "tests/crash/lab/play.h"

namespace ekiden::crash {

class Workshop {
  public:
    explicit Workshop(const Script& script);
    ~Workshop();
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    // Empties everything; spool and mail root are there again.
    void clear();
    // The same, filled with what an image holds.
    void fill(const Image& image);
    const Roots& roots() const { return roots_; }
    const std::string& root() const { return root_; }
    int ledger() const { return ledger_.get(); }
    void note(const std::string& line) { Ledger(ledger_.get()).say("{}", line); }

    void play_here() const;
    void recover_here() const;
    // The recovery in a process of its own; how that went is noted where it did not end well.
    void recover_apart();

    // Prints "state NUMBER WHAT", the ledger, "end".
    void print(std::size_t number, const std::string& what);

  private:
    const Script& script_;
    std::string base_, root_;
    Roots roots_;
    OwnedFd ledger_;
};

}  // namespace ekiden::crash
