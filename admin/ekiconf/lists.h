#pragma once
// ekiconf -a, -A, -l, -m and -T: what this build can do, a word a line.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output show_list(const Options& options);

}  // namespace ekiden::ekiconf
