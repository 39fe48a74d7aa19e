#pragma once
// The part of a confinement that is seccomp's: which system calls are answered at all.
#include "common/process/sandbox.h"

namespace ekiden::process {

// From now on this process makes the system calls of its row, and those that `paths` allows beyond it.
Result<> restrict_calls(const Row& row, const Paths& paths);

}  // namespace ekiden::process
