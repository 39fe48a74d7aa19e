#pragma once
// One question to PAM: do this name and password pass? It blocks, for as long as the configured modules like;
// call it in a process that can be killed. The only place that knows libpam.
#include <string>

#include "common/base/secret.h"
#include "common/ipc/messages/auth.h"

namespace ekiden::pam {

// `service` names the file in /etc/pam.d. Both the password (pam_authenticate) and the account
// (pam_acct_mgmt: expired, locked) must pass. Empty passwords never do.
ipc::SystemAnswer check(const std::string& service, const ipc::CheckSystemPassword& question);

}  // namespace ekiden::pam
