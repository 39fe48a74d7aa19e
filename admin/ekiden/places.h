#pragma once
// The suite's files that starting it does not mend: the configuration and the programs. Nobody but root may
// change them, for all that runs follows from them; and ekidrop has its group.
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::admin {

struct Place {
    std::string path;
    uid_t uid;
    gid_t gid;
    std::string group;  // its name, of the place that has to have one
    // As it has to be; nothing: not writable by group and others, else as it is.
    std::optional<mode_t> mode;
};

// Those that are there: files and directories, no links. For root; an ordinary user's suite is as that user
// has made it. Error: there is no group setgid_group.
Result<std::vector<Place>> places_of(const Settings& settings);

// What is wrong with it, in the words of `postfix check`; none: nothing.
std::vector<std::string> faults_of(const Place& place);
// Makes it right.
Result<> mend(const Place& place);

}  // namespace ekiden::admin
