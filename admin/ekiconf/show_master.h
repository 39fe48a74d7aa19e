#pragma once
// ekiconf -M, -F and -P: the services of master.cf, their columns, their -o.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output show_master(const Options& options);

}  // namespace ekiden::ekiconf
