#pragma once
// Runs a function in a process of its own and stops it at each of the system calls that were asked for, in
// any of its threads, by ptrace and a seccomp filter (calls that are not asked for run at full speed). At
// each stop the watcher says what becomes of the call. One call at a time is let through, so that what the
// watcher sees is the order in which things happened. x86-64 Linux only.
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::crash {

// A stopped call. Its descriptors and memory can be looked at while it stands.
struct Call {
    pid_t thread = 0;
    long number = 0;
    std::array<std::uint64_t, 6> arguments{};
    std::int64_t result = 0;  // once it was made; -errno

    int descriptor(int argument) const {
        return static_cast<int>(arguments[static_cast<std::size_t>(argument)]);
    }
    // What an argument points to: octets, or a string that ends with NUL.
    std::string octets(int argument, std::size_t size) const;
    std::string text(int argument) const;
    std::string octets_at(std::uint64_t address, std::size_t size) const;
    // The path of an open descriptor; empty when there is none.
    std::string path_of(int descriptor) const;
    // The path that a call means by a directory descriptor and a name.
    std::string path_of(int directory, const std::string& name) const;
};

// What becomes of a call.
struct Verdict {
    enum class What {
        pass,     // it is made
        observe,  // it is made, and the watcher is told of the result
        kill,     // the process dies by SIGKILL, the call is not made
        fail,     // it is not made and gives -error
        shorten,  // it is made with `value` as third argument
    };
    What what = What::pass;
    std::int64_t value = 0;
};

class Watcher {
  public:
    virtual ~Watcher() = default;
    virtual Verdict entering(const Call& call) = 0;
    virtual void made(const Call&) {}
};

// How the process ended.
struct Ending {
    bool exited = false;  // by itself, with `code`
    int code = 0;         // else the signal
};

Ending run_traced(const std::function<void()>& body, const std::vector<long>& calls, Watcher& watcher);

std::string_view name_of_call(long number);
// All calls that work on files, and those of them that change what is on the disk or make it durable.
const std::vector<long>& file_calls();
const std::vector<long>& changing_calls();

}  // namespace ekiden::crash
