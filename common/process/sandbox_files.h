#pragma once
// The part of a confinement that is Landlock's: which files can be opened at all.
#include "common/process/sandbox.h"

namespace ekiden::process {

// From now on this process opens nothing but what lies below `paths`. A kernel without Landlock is reported
// in the log, not an error.
Result<> restrict_files(const Paths& paths);

}  // namespace ekiden::process
