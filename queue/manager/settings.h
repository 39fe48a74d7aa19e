#pragma once
// The parameters of main.cf that concern the queue, as the structures that its parts take.
#include "common/config/settings.h"
#include "common/spool/spool.h"
#include "queue/manager/intake.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {

// `bounce_templates` is the content of bounce_template_file.
QueueSettings queue_settings(const Settings& settings, std::string_view bounce_templates);
IntakeLimits intake_limits(const Settings& settings);
SpoolOptions spool_options(const Settings& settings);
// Where the spool is: a directory of the manager's own below queue_directory.
std::string spool_directory(const Settings& settings);

}  // namespace ekiden::queue
