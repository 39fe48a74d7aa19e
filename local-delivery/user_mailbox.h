#pragma once
// Delivery into the mailbox of a user of this host, or into a file that an alias or .forward names: an mbox,
// or a Maildir where the path ends in "/". Runs in the child that is that user; it blocks.
#include "common/ipc/messages/delivery.h"
#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

// Below the user's home, where home_mailbox says.
ipc::RecipientOutcome deliver_to_home(const ipc::Deliver& message, const Account& account,
                                      const LocalSettings& settings);
// In mail_spool_directory, under the user's name.
ipc::RecipientOutcome deliver_to_spool(const ipc::Deliver& message, const Account& account,
                                       const LocalSettings& settings);
// To the message's `target`.
ipc::RecipientOutcome deliver_to_file(const ipc::Deliver& message, const LocalSettings& settings);

}  // namespace ekiden::local_delivery
