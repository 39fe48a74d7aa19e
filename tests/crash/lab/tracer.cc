// Limits: a second process (fork) of the body is not followed; nothing that is tested here makes one.
#include "tests/crash/lab/tracer.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace ekiden::crash {
namespace {

struct Named {
    long number;
    std::string_view name;
    bool changes;
};

constexpr Named calls_known[] = {
    {SYS_openat, "openat", true},
    {SYS_open, "open", true},
    {SYS_creat, "creat", true},
    {SYS_write, "write", true},
    {SYS_pwrite64, "pwrite64", true},
    {SYS_writev, "writev", true},
    {SYS_pwritev, "pwritev", true},
    {SYS_pwritev2, "pwritev2", true},
    {SYS_ftruncate, "ftruncate", true},
    {SYS_truncate, "truncate", true},
    {SYS_fallocate, "fallocate", true},
    {SYS_fsync, "fsync", true},
    {SYS_fdatasync, "fdatasync", true},
    {SYS_rename, "rename", true},
    {SYS_renameat, "renameat", true},
    {SYS_renameat2, "renameat2", true},
    {SYS_link, "link", true},
    {SYS_linkat, "linkat", true},
    {SYS_unlink, "unlink", true},
    {SYS_unlinkat, "unlinkat", true},
    {SYS_mkdir, "mkdir", true},
    {SYS_mkdirat, "mkdirat", true},
    {SYS_rmdir, "rmdir", true},
    {SYS_read, "read", false},
    {SYS_pread64, "pread64", false},
    {SYS_fstat, "fstat", false},
    {SYS_newfstatat, "newfstatat", false},
    {SYS_statx, "statx", false},
    {SYS_stat, "stat", false},
    {SYS_lstat, "lstat", false},
    {SYS_fstatfs, "fstatfs", false},
    {SYS_fcntl, "fcntl", false},
    {SYS_flock, "flock", false},
    {SYS_mmap, "mmap", false},
    {SYS_mremap, "mremap", false},
    {SYS_brk, "brk", false},
    {SYS_getdents64, "getdents64", false},
    {SYS_access, "access", false},
    {SYS_fchmod, "fchmod", false},
    {SYS_fchown, "fchown", false},
    {SYS_lseek, "lseek", false},
};

std::vector<long> numbers(bool all) {
    std::vector<long> result;
    for (const Named& call : calls_known)
        if (all || call.changes) result.push_back(call.number);
    return result;
}

// The calls stop for the tracer, everything else is free.
void install_filter(const std::vector<long>& calls) {
    std::vector<sock_filter> program;
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (long number : calls) {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
        program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        ::_exit(120);
}

bool alive(long done) { return done == 0 || errno != ESRCH; }

class Tracer {
  public:
    Tracer(pid_t process, Watcher& watcher) : process_(process), watcher_(watcher) {}

    Ending run() {
        while (true) {
            int status = 0;
            pid_t thread = ::waitpid(-1, &status, __WALL);
            if (thread < 0 && errno == EINTR) continue;
            if (thread < 0) throw std::runtime_error("the traced process was lost");
            if (thread == process_ && (WIFEXITED(status) || WIFSIGNALED(status))) return ending(status);
            if (!WIFSTOPPED(status)) continue;
            if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
                std::optional<Ending> over = stopped(thread);
                if (over) return *over;
                continue;
            }
            // A new thread begins with SIGSTOP; other signals are its own.
            int signal = WSTOPSIG(status);
            bool mine = signal == SIGTRAP || signal == (SIGTRAP | 0x80) || signal == SIGSTOP;
            ::ptrace(PTRACE_CONT, thread, 0, mine ? 0 : signal);
        }
    }

  private:
    static Ending ending(int status) {
        if (WIFEXITED(status)) return {true, WEXITSTATUS(status)};
        return {false, WTERMSIG(status)};
    }

    std::optional<Ending> stopped(pid_t thread) {
        user_regs_struct registers{};
        if (!alive(::ptrace(PTRACE_GETREGS, thread, 0, &registers))) return {};
        Call call{thread,
                  static_cast<long>(registers.orig_rax),
                  {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9},
                  0};
        Verdict verdict = watcher_.entering(call);
        switch (verdict.what) {
            case Verdict::What::pass: break;
            case Verdict::What::observe: return observe(call);
            case Verdict::What::kill: ::kill(process_, SIGKILL); return {};
            case Verdict::What::fail:
                registers.orig_rax = static_cast<unsigned long long>(-1);
                registers.rax = static_cast<unsigned long long>(-verdict.value);
                ::ptrace(PTRACE_SETREGS, thread, 0, &registers);
                break;
            case Verdict::What::shorten:
                registers.rdx = static_cast<unsigned long long>(verdict.value);
                ::ptrace(PTRACE_SETREGS, thread, 0, &registers);
                break;
        }
        ::ptrace(PTRACE_CONT, thread, 0, 0);
        return {};
    }

    // Lets this one call through to its end; the others wait at their own stops.
    std::optional<Ending> observe(Call& call) {
        ::ptrace(PTRACE_SYSCALL, call.thread, 0, 0);
        int status = 0;
        pid_t thread = ::waitpid(call.thread, &status, __WALL);
        if (thread != call.thread) return {};
        if (!WIFSTOPPED(status)) return thread == process_ ? std::optional(ending(status)) : std::nullopt;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            user_regs_struct registers{};
            if (!alive(::ptrace(PTRACE_GETREGS, thread, 0, &registers))) return {};
            call.result = static_cast<std::int64_t>(registers.rax);
            watcher_.made(call);
        }
        ::ptrace(PTRACE_CONT, thread, 0, 0);
        return {};
    }

    pid_t process_;
    Watcher& watcher_;
};

}  // namespace

std::string Call::octets_at(std::uint64_t address, std::size_t size) const {
    std::string read(size, '\0');
    iovec here{read.data(), size}, there{reinterpret_cast<void*>(address), size};
    ssize_t got = ::process_vm_readv(thread, &here, 1, &there, 1, 0);
    read.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return read;
}

std::string Call::octets(int argument, std::size_t size) const {
    return octets_at(arguments[static_cast<std::size_t>(argument)], size);
}

std::string Call::text(int argument) const {
    // A read that goes over the edge of what is mapped gives the part before it.
    std::uint64_t address = arguments[static_cast<std::size_t>(argument)];
    std::string found;
    while (found.size() < PATH_MAX) {
        std::string part = octets_at(address + found.size(), 4096 - (address + found.size()) % 4096);
        if (part.empty()) break;
        std::size_t end = part.find('\0');
        found += part.substr(0, end);
        if (end != std::string::npos) break;
    }
    return found;
}

std::string Call::path_of(int descriptor) const {
    std::string link = "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(descriptor);
    std::array<char, PATH_MAX> path{};
    ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
    return size <= 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(size));
}

std::string Call::path_of(int directory, const std::string& name) const {
    if (name.starts_with('/')) return name;
    std::string base = path_of(directory);
    if (name == ".") return base;
    return base.empty() ? std::string() : base + "/" + name;
}

Ending run_traced(const std::function<void()>& body, const std::vector<long>& calls, Watcher& watcher) {
    pid_t process = ::fork();
    if (process < 0) throw std::runtime_error("cannot fork");
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::ptrace(PTRACE_TRACEME, 0, 0, 0);
        ::raise(SIGSTOP);
        install_filter(calls);
        body();
        ::_exit(0);
    }
    int status = 0;
    if (::waitpid(process, &status, __WALL) != process || !WIFSTOPPED(status))
        throw std::runtime_error("the process to trace did not stop");
    long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    if (::ptrace(PTRACE_SETOPTIONS, process, 0, options) != 0) throw std::runtime_error("cannot trace");
    ::ptrace(PTRACE_CONT, process, 0, 0);
    return Tracer(process, watcher).run();
}

std::string_view name_of_call(long number) {
    const Named* found =
        std::ranges::find_if(calls_known, [&](const Named& c) { return c.number == number; });
    return found == std::end(calls_known) ? std::string_view("call") : found->name;
}

const std::vector<long>& file_calls() {
    static const std::vector<long> all = numbers(true);
    return all;
}

const std::vector<long>& changing_calls() {
    static const std::vector<long> changing = numbers(false);
    return changing;
}

}  // namespace ekiden::crash
