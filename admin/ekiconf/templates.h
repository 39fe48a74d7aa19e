#pragma once
// ekiconf -t and -b: the texts of notices as templates, and with their names put in.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output show_templates(const Options& options);

}  // namespace ekiden::ekiconf
