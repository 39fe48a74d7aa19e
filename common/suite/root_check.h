#pragma once
// Who gets the mail of root and postmaster: cron and the programs of the host write to the one, strangers and
// our own notices to the other, and neither has a mailbox here that we would write into.
#include <vector>

#include "common/config/finding.h"
#include "common/config/snapshot.h"

namespace ekiden::suite {

// A warning for each of the two names that nothing leads to a person: its mail waits in the queue and is
// returned in the end. Nothing where mail for this host's names is not ours to deliver, and where a table or
// the accounts' directory cannot be asked now.
std::vector<config::Finding> check_mail_of_root(const config::Snapshot& snapshot);

}  // namespace ekiden::suite
