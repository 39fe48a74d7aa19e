#pragma once
// What a user's .forward or an :include: list makes of a recipient. Runs in the child that is that user; it
// blocks.
#include "common/ipc/messages/delivery.h"
#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

// "expanded", and to what. Without a .forward to what is nothing: the mail goes into the mailbox; the text
// then says if there is a file that was not believed.
ipc::RecipientOutcome expand_forward(const ipc::DeliveryRecipient& recipient, const Account& account,
                                     const LocalSettings& settings);

// "expanded", and to what.
ipc::RecipientOutcome expand_list(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings);

}  // namespace ekiden::local_delivery
