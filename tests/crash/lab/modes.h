#pragma once
// The three ways to a state: a kill, a call that fails, loss of power.
#include <cstdint>
#include <optional>
#include <string>

#include "tests/crash/lab/workshop.h"

namespace ekiden::crash {

// Which of the numbered states are wanted.
struct Choice {
    std::uint64_t seed = 0;
    std::uint64_t part = 0, parts = 1;
    std::uint64_t every = 1;  // one of so many, which ones depends on the seed
    std::optional<std::uint64_t> only;
    bool wants(std::uint64_t state) const {
        if (only) return state == *only;
        return state % parts == part && (every <= 1 || (state / parts) % every == seed % every);
    }
};

// State N: the process dies before its N-th call that changes the disk; the recovery dies too, at a call that
// the seed chooses; then it recovers.
void kill_each(Workshop& workshop, const Choice& choice);
// State N: one of the calls that work on files fails in one of the ways that it may; everything goes on.
void fail_each(Workshop& workshop, const Choice& choice);
// The history of one scenario into a file.
void record(Workshop& workshop, const std::string& file);
// States that differ from each other: for each point of the history what is certain, all, data without names,
// names without data, a torn last write, and `variants` at random.
void cut(Workshop& workshop, const Choice& choice, std::uint64_t variants, const std::string& file);

}  // namespace ekiden::crash
