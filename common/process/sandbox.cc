#include "common/process/sandbox.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "common/process/sandbox_calls.h"
#include "common/process/sandbox_files.h"
#include "common/process/users.h"

namespace ekiden::process {

Result<> become(unsigned uid, unsigned gid, const std::vector<unsigned>& groups) {
    bool as_root = std::ranges::find(groups, 0u) != groups.end();
    if (uid == 0 || gid == 0 || as_root) return denied("a worker never runs as root");
    if (setgroups(groups.size(), groups.data()) != 0) return system_error("setgroups", errno);
    if (setresgid(gid, gid, gid) != 0) return system_error(fmt::format("setresgid {}", gid), errno);
    if (setresuid(uid, uid, uid) != 0) return system_error(fmt::format("setresuid {}", uid), errno);
    if (setuid(0) == 0) return permanent("the kernel let us become root again");
    return {};
}

Result<> keep_only(std::initializer_list<int> capabilities) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    for (int capability : capabilities) {
        data[capability / 32].effective |= 1u << capability % 32;
        data[capability / 32].permitted |= 1u << capability % 32;
    }
    if (syscall(SYS_capset, &header, data) != 0) return system_error("capset", errno);
    return {};
}

Result<> become(const std::string& user) {
    Result<UserIds> ids = find_user(user);
    if (!ids) return pass(ids);
    return become(ids->uid, ids->gid);
}

Result<> enter_empty_root_as(const std::string& directory, const std::string& user) {
    Result<UserIds> ids = find_user(user);
    if (!ids) return pass(ids);
    if (chroot(directory.c_str()) != 0) return system_error("chroot to " + directory, errno);
    if (chdir("/") != 0) return system_error("chdir after chroot", errno);
    return become(ids->uid, ids->gid);
}

Result<> confine(const Row& row, const Paths& paths) {
    rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (row.foreign_code) return {};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("no_new_privs", errno);
    // The delivery parent reaches homes of users that come later; its children confine themselves.
    if (!row.children)
        if (Result<> done = restrict_files(paths); !done) return done;
    return restrict_calls(row, paths);
}

bool die_with_parent(int parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent;
}

}  // namespace ekiden::process
