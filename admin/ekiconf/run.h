#pragma once
// One run of ekiconf, without its process.
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/output.h"

namespace ekiden::ekiconf {

Output run(const Options& options);
Output run(const std::vector<std::string>& arguments, const char* mail_config);

}  // namespace ekiden::ekiconf
