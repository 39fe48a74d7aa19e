// Kills and failures at one system call.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <vector>

#include "tests/crash/lab/modes.h"
#include "tests/crash/lab/tracer.h"

namespace ekiden::crash {
namespace {

constexpr std::int64_t half = -1;  // instead of an error: the call does half of what it was asked for

bool takes_a_name(long number) {
    switch (number) {
        case SYS_openat:
        case SYS_newfstatat:
        case SYS_statx:
        case SYS_renameat:
        case SYS_renameat2:
        case SYS_linkat:
        case SYS_unlinkat:
        case SYS_mkdirat: return true;
        default: return false;
    }
}

bool takes_a_path(long number) {
    switch (number) {
        case SYS_open:
        case SYS_creat:
        case SYS_stat:
        case SYS_lstat:
        case SYS_truncate:
        case SYS_rename:
        case SYS_link:
        case SYS_unlink:
        case SYS_mkdir:
        case SYS_rmdir:
        case SYS_access: return true;
        default: return false;
    }
}

// What a call works on, as a path below the root; empty when it is not ours.
std::string target(const Call& call, const std::string& root) {
    if (call.number == SYS_brk || call.number == SYS_mremap) return {};
    std::string path;
    if (takes_a_path(call.number))
        path = call.text(0);
    else if (takes_a_name(call.number))
        path = call.path_of(call.descriptor(0), call.text(1));
    else
        path = call.path_of(call.descriptor(call.number == SYS_mmap ? 4 : 0));
    return path.starts_with(root) ? path.substr(root.size()) : std::string();
}

// In which ways a call may fail.
std::vector<std::int64_t> ways(const Call& call) {
    switch (call.number) {
        case SYS_openat:
            if ((call.arguments[2] & O_CREAT) != 0) return {EMFILE, ENOSPC, ENOMEM, EIO};
            return {EMFILE, ENOMEM, EIO};
        case SYS_write:
        case SYS_pwrite64: return {ENOSPC, EIO, half};
        case SYS_fallocate:
        case SYS_mkdir:
        case SYS_mkdirat:
        case SYS_rename:
        case SYS_renameat:
        case SYS_renameat2:
        case SYS_link:
        case SYS_linkat:
        case SYS_fsync:
        case SYS_fdatasync: return {ENOSPC, EIO};
        case SYS_mmap: return {ENOMEM};
        case SYS_getdents64: return {ENOMEM, EIO};
        case SYS_fcntl:
            if (call.descriptor(1) == F_SETLK || call.descriptor(1) == F_OFD_SETLK) return {ENOLCK, EIO};
            return {};
        default: return {EIO};
    }
}

std::string word(std::int64_t way) {
    switch (way) {
        case half: return "half";
        case EMFILE: return "EMFILE";
        case ENOSPC: return "ENOSPC";
        case ENOMEM: return "ENOMEM";
        case ENOLCK: return "ENOLCK";
        default: return "EIO";
    }
}

// Counts the calls on files below the root; does something at one of them.
class AtOneCall : public Watcher {
  public:
    AtOneCall(std::string root, std::uint64_t wanted) : root_(std::move(root)), wanted_(wanted) {}
    bool reached() const { return !what_.empty(); }
    const std::string& what() const { return what_; }

    Verdict entering(const Call& call) override {
        std::string path = target(call, root_);
        if (path.empty() || !counts(call) || ++count_ != wanted_) return {};
        what_ = fmt::format("{} of {}", name_of_call(call.number), path);
        return act(call);
    }

  protected:
    // To open a file that is there changes nothing.
    virtual bool counts(const Call& call) {
        bool opens = call.number == SYS_openat || call.number == SYS_open;
        return !opens || (call.arguments[call.number == SYS_openat ? 2 : 1] & (O_CREAT | O_TRUNC)) != 0;
    }
    virtual Verdict act(const Call&) { return {Verdict::What::kill}; }
    std::string what_;

  private:
    std::string root_;
    std::uint64_t wanted_, count_ = 0;
};

class Failer : public AtOneCall {
  public:
    Failer(std::string root, std::uint64_t wanted, std::size_t way)
        : AtOneCall(std::move(root), wanted), way_(way) {}

  protected:
    bool counts(const Call& call) override { return !ways(call).empty(); }
    Verdict act(const Call& call) override {
        std::vector<std::int64_t> possible = ways(call);
        std::int64_t way = possible[way_ % possible.size()];
        bool nothing_to_halve = way == half && call.arguments[2] < 2;
        if (nothing_to_halve) way = EIO;
        what_ += " " + word(way);
        if (way == half) return {Verdict::What::shorten, static_cast<std::int64_t>(call.arguments[2] / 2)};
        return {Verdict::What::fail, way};
    }

  private:
    std::size_t way_;
};

// How many ways each call of an undisturbed scenario may fail in.
class Census : public Watcher {
  public:
    explicit Census(std::string root) : root_(std::move(root)) {}
    Verdict entering(const Call& call) override {
        std::size_t count = target(call, root_).empty() ? 0 : ways(call).size();
        if (count > 0) counts_.push_back(count);
        return {};
    }
    const std::vector<std::size_t>& counts() const { return counts_; }

  private:
    std::string root_;
    std::vector<std::size_t> counts_;
};

void note_end(Workshop& workshop, const Ending& ending) {
    bool killed = !ending.exited && ending.code == SIGKILL;
    if (!killed && (!ending.exited || ending.code != 0))
        workshop.note(
            fmt::format("bad the process ended with {} {}", ending.exited ? "code" : "signal", ending.code));
    workshop.note(killed ? "crash" : "stopped");
}

}  // namespace

void kill_each(Workshop& workshop, const Choice& choice) {
    for (std::uint64_t number = 1;; ++number) {
        if (choice.only && number > *choice.only) return;
        if (!choice.wants(number)) continue;
        workshop.clear();
        AtOneCall killer(workshop.root(), number);
        note_end(workshop, run_traced([&] { workshop.play_here(); }, changing_calls(), killer));
        AtOneCall again(workshop.root(), (number * 7919 + choice.seed) % 97 + 1);
        if (killer.reached()) {
            Ending ending = run_traced([&] { workshop.recover_here(); }, changing_calls(), again);
            note_end(workshop, ending);
        }
        workshop.recover_apart();
        std::string second = again.reached() ? ", then at " + again.what() : std::string();
        workshop.print(number, killer.reached() ? "killed at " + killer.what() + second : "not killed");
        if (!killer.reached()) return;
    }
}

void fail_each(Workshop& workshop, const Choice& choice) {
    workshop.clear();
    Census census(workshop.root());
    run_traced([&] { workshop.play_here(); }, file_calls(), census);
    std::uint64_t number = 0;
    for (std::size_t call = 0; call < census.counts().size(); ++call) {
        for (std::size_t way = 0; way < census.counts()[call]; ++way) {
            if (!choice.wants(++number)) continue;
            workshop.clear();
            Failer failer(workshop.root(), call + 1, way);
            note_end(workshop, run_traced([&] { workshop.play_here(); }, file_calls(), failer));
            workshop.recover_apart();
            workshop.print(number, failer.reached() ? "failed: " + failer.what() : "nothing failed");
        }
    }
}

}  // namespace ekiden::crash
