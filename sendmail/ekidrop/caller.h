#pragma once
// Who called ekidrop and what that allows: the state of the process is brought into order, the configuration
// is chosen (an ordinary user cannot choose it for a setgid program), and authorized_submit_users is asked.
#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::drop {

// Descriptors 0 to 2 are open and all others closed; signals and umask are the usual; of the environment only
// MAIL_CONFIG is left.
Result<> clean_up_process();

// main.cf of MAIL_CONFIG's directory or of the usual one. Denied: an ordinary user named a directory that
// alternate_config_directories of the usual main.cf does not list.
Result<Settings> settings_for_caller();

// Denied: the caller may not submit mail.
Result<> check_caller(const Settings& settings);

}  // namespace ekiden::drop
