// How: Landlock's constants are our own, for Debian's headers are older than the kernels people run; on a
// kernel with an older ABI what it does not know is left out.
#include "common/process/sandbox_files.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/owned_fd.h"
#include "common/log/events.h"

namespace ekiden::process {
namespace {

constexpr std::uint64_t access_write_file = 2, access_read_file = 4, access_read_dir = 8,
                        access_remove_dir = 16, access_remove_file = 32, access_make_dir = 128,
                        access_make_reg = 256, access_make_sock = 512, access_refer = 1 << 13,
                        access_truncate = 1 << 14, access_first_abi = (1 << 13) - 1;

}  // namespace

Result<> restrict_files(const Paths& paths) {
    long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        log::emit(events::sandbox_reduced, "Landlock", strerror(errno));
        return {};
    }
    std::uint64_t handled = access_first_abi;
    if (abi >= 2) handled |= access_refer;
    if (abi >= 3) handled |= access_truncate;
    landlock_ruleset_attr ruleset{};
    ruleset.handled_access_fs = handled;
    OwnedFd rules(static_cast<int>(syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0)));
    if (!rules) return system_error("landlock_create_ruleset", errno);
    auto allow = [&](const std::string& path, std::uint64_t access) -> Result<> {
        OwnedFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
        if (!fd) return system_error(path, errno);
        struct stat facts{};
        if (fstat(fd.get(), &facts) == 0 && !S_ISDIR(facts.st_mode))
            access &= access_write_file | access_read_file | access_truncate;
        landlock_path_beneath_attr rule{};
        rule.allowed_access = access & handled;
        rule.parent_fd = fd.get();
        if (syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
            return system_error("landlock_add_rule for " + path, errno);
        return {};
    };
    constexpr std::uint64_t reading = access_read_file | access_read_dir;
    constexpr std::uint64_t writing = reading | access_write_file | access_remove_dir | access_remove_file |
                                      access_make_dir | access_make_reg | access_make_sock | access_refer |
                                      access_truncate;
    for (const std::string& path : paths.read)
        if (Result<> done = allow(path, reading); !done) return done;
    for (const std::string& path : paths.write)
        if (Result<> done = allow(path, writing); !done) return done;
    if (syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0)
        return system_error("landlock_restrict_self", errno);
    return {};
}

}  // namespace ekiden::process
