#pragma once
// Confinement of a process after its start: user, empty root, no_new_privs, Landlock, seccomp, limits. Each
// step that the kernel cannot do is reported, not silently left out. Landlock is per thread: confine before
// any thread starts.
#include <initializer_list>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/process/privileges.h"

namespace ekiden::process {

struct Paths {  // what stays reachable for a program that opens files after its start
    std::vector<std::string> read;
    std::vector<std::string> write;
    // Connections to servers of the administrator's, beyond what the row says: only where the configuration
    // names such a server.
    bool unix_connections = false;
    bool internet_connections = false;
};

// Becomes the user for good: uid, gid, no other groups but these, no capabilities.
Result<> become(const std::string& user);
Result<> become(unsigned uid, unsigned gid, const std::vector<unsigned>& groups = {});

// Of root's capabilities a process that stays root keeps these alone (CAP_SETUID, CAP_SETGID …).
Result<> keep_only(std::initializer_list<int> capabilities);

// chroot to an empty directory, then become(): the user's entry is read while it can be.
Result<> enter_empty_root_as(const std::string& directory, const std::string& user);

// no_new_privs, no core files, Landlock on `paths` and the system calls of the row; the last step of a start.
Result<> confine(const Row& row, const Paths& paths);

// Dies when the parent dies; false when it is gone already. Must be called after become().
bool die_with_parent(int parent);

}  // namespace ekiden::process
