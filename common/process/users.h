#pragma once
// The users of the system's password database that parameters name.
#include <string>

#include "common/base/error.h"
#include "common/config/params.h"
#include "common/config/settings.h"

namespace ekiden::process {

struct UserIds {
    unsigned uid, gid;
};

// not_found with what to do about it.
Result<UserIds> find_user(const std::string& name);
// The number of a group of the system's group database; not_found with what to do about it.
Result<unsigned> find_group(const std::string& name);
// The user of a parameter in a suite that root started: a worker never runs as root. Errors name the
// parameter.
Result<UserIds> owner_of(const Param<std::string>& parameter, const Settings& settings);

// For a tool of root's that works on a directory's files itself: it becomes the user whom the directory
// belongs to, so that the files which it makes do too. Nothing is done for others than root. `what`: the
// directory's name for people.
Result<> become_owner_of(const std::string& what, const std::string& directory);

}  // namespace ekiden::process
