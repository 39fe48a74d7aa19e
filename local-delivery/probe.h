#pragma once
// What a probe hears instead of a delivery: what would be done with mail for a recipient whose account and
// mailbox are known. Nothing is opened, written or run. Pure.
#include <string>

#include "common/ipc/messages/delivery.h"
#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

// A virtual mailbox.
ipc::RecipientOutcome probed_mailbox(const ipc::DeliveryRecipient& recipient);

// A command, a file or a user's own mailbox, where local(8) would take it. Not for what has to be read first:
// .forward and lists.
ipc::RecipientOutcome probed_user(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings);

}  // namespace ekiden::local_delivery
