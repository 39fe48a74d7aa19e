#pragma once
// ekiconf -M, -F and -P with -e, -X or -#: edits of master.cf.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output edit_master(const Options& options);

}  // namespace ekiden::ekiconf
