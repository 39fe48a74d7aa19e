// How: an allow-list: anything else gets EPERM, clone3 ENOSYS (so that pthread_create falls back to clone).
// In sanitizer builds the sanitizer's own needs are allowed too; files are not among them
// (cmake/sanitizers.cc).
#include "common/process/sandbox_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace ekiden::process {
namespace {

struct FreeFilter {
    void operator()(void* filter) const { seccomp_release(filter); }
};

// What every worker needs: its descriptors, memory, threads, time.
constexpr int common_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(preadv),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(dup),
    SCMP_SYS(dup3),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(sendfile),
    SCMP_SYS(fallocate),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(accept4),
    SCMP_SYS(accept),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(socketpair),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(getcpu),
    SCMP_SYS(membarrier),
    SCMP_SYS(madvise),
    SCMP_SYS(memfd_create),
    SCMP_SYS(tgkill),
};
constexpr int file_calls[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(flock),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(umask),
    SCMP_SYS(utimensat),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(syncfs),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(fadvise64),
    SCMP_SYS(copy_file_range),
};
constexpr int child_calls[] = {SCMP_SYS(wait4),
                               SCMP_SYS(waitid),
                               SCMP_SYS(kill),
                               SCMP_SYS(setresuid),
                               SCMP_SYS(setresgid),
                               SCMP_SYS(setgroups),
                               SCMP_SYS(fork),
                               SCMP_SYS(vfork),
                               SCMP_SYS(close_range),
                               SCMP_SYS(prctl),
                               SCMP_SYS(seccomp),
                               SCMP_SYS(landlock_create_ruleset),
                               SCMP_SYS(landlock_add_rule),
                               SCMP_SYS(landlock_restrict_self)};

// The call's argument of that number has this value (under that mask).
scmp_arg_cmp equals(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {}
    void allow(int call, std::vector<scmp_arg_cmp> conditions = {}) {
        if (context_ && ok_ == 0)
            ok_ = seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call,
                                         static_cast<unsigned>(conditions.size()), conditions.data());
        // A call that this machine does not have needs no rule; a rule already there is as good.
        if (ok_ == -EDOM || ok_ == -EEXIST) ok_ = 0;
    }
    void answer(int call, int error) {
        if (context_ && ok_ == 0)
            ok_ =
                seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), call, 0);
    }
    Result<> load() {
        if (!context_) return temporary("seccomp: no memory");
        if (ok_ == 0) ok_ = seccomp_load(context_.get());
        if (ok_ != 0) return system_error("seccomp", -ok_);
        return {};
    }

  private:
    std::unique_ptr<void, FreeFilter> context_;
    int ok_ = 0;
};

}  // namespace

Result<> restrict_calls(const Row& row, const Paths& paths) {
    constexpr std::uint64_t type_bits = 0xf;  // SOCK_TYPE_MASK: the rest are flags
    Filter filter;
    for (int call : common_calls) filter.allow(call);
    // Threads, not processes.
    constexpr std::uint64_t thread = CLONE_THREAD | CLONE_VM | CLONE_FILES;
    if (row.children)
        filter.allow(SCMP_SYS(clone));
    else
        filter.allow(SCMP_SYS(clone), {masked(0, thread, thread)});
    filter.answer(SCMP_SYS(clone3), ENOSYS);
    for (unsigned command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETLK, F_SETLKW,
                             F_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK, F_GET_SEALS, F_ADD_SEALS})
        filter.allow(SCMP_SYS(fcntl), {equals(1, command)});
    for (unsigned request : {FIONREAD, FIONBIO}) filter.allow(SCMP_SYS(ioctl), {equals(1, request)});
    // Naming a thread, and glibc naming a thread's memory.
    for (unsigned option : {PR_SET_NAME, PR_SET_VMA}) filter.allow(SCMP_SYS(prctl), {equals(0, option)});
    if (row.internet) {
        for (unsigned family : {AF_INET, AF_INET6}) filter.allow(SCMP_SYS(socket), {equals(0, family)});
        for (int call : {SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg)})
            filter.allow(call);
    }
    if (row.unix_datagrams) {
        // Datagrams alone: a stream could be connected to the public sockets of the suite and of others.
        filter.allow(SCMP_SYS(socket), {equals(0, AF_UNIX), masked(1, type_bits, SOCK_DGRAM)});
        filter.allow(SCMP_SYS(connect));
    }
    if (paths.internet_connections)
        for (unsigned family : {AF_INET, AF_INET6})
            filter.allow(SCMP_SYS(socket), {equals(0, family), masked(1, type_bits, SOCK_STREAM)});
    if (paths.unix_connections)
        filter.allow(SCMP_SYS(socket), {equals(0, AF_UNIX), masked(1, type_bits, SOCK_STREAM)});
    if (paths.internet_connections || paths.unix_connections) filter.allow(SCMP_SYS(connect));
    if (!row.empty_root)
        for (int call : file_calls) filter.allow(call);
    if (row.children)
        for (int call : child_calls) filter.allow(call);
#if __has_feature(address_sanitizer)
    for (int call : {SCMP_SYS(prctl), SCMP_SYS(arch_prctl)}) filter.allow(call);
#endif
    return filter.load();
}

}  // namespace ekiden::process
