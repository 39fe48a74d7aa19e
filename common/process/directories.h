#pragma once
// The directories that the programs need, with the owners of the privilege table.
#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::process {

// Makes what is missing below queue_directory, data_directory and virtual_mailbox_base; existing directories
// keep their content and get their owner and mode. As an ordinary user everything belongs to that user.
Result<> prepare_directories(const Settings& settings);

}  // namespace ekiden::process
