#pragma once
// ekiconf -e, -X and -# of parameters.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output edit_main(const Options& options);

}  // namespace ekiden::ekiconf
