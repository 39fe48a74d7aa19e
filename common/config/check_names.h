#pragma once
// Parameters that no program reads: misspelt ones, and Postfix's that mean nothing or are not supported here.
// Names that are used by a $name in some value are legal (postconf(5), user-defined parameters).
#include <string>
#include <vector>

#include "common/config/finding.h"
#include "common/config/main_cf.h"
#include "common/config/master_cf.h"

namespace ekiden::config {

// Appends a finding for each such name in main.cf and in the -o options of master.cf.
void check_names(const MainCf& main, const std::vector<ServiceEntry>& services, const std::string& main_path,
                 const std::string& master_path, std::vector<Finding>& findings);

}  // namespace ekiden::config
