#pragma once
// ekiconf without -M, -F, -P: parameters of main.cf and their defaults.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output show_main(const Options& options);

}  // namespace ekiden::ekiconf
