#pragma once
// What delivery to a virtual mailbox adds to Maildir writing: the header lines of final delivery, the check
// for mail that goes in a circle, the words for log and DSN. Runs in the child that has the mailboxes' uid,
// on a pool thread.
#include <cstdint>
#include <string>
#include <vector>

#include "common/ipc/messages/delivery.h"

namespace ekiden::local_delivery {

struct MailboxSettings {
    std::string host;                 // myhostname
    std::uint64_t message_limit = 0;  // virtual_mailbox_limit
    bool flush = true;                // maildir_fsync
};

// Delivers each message to its one recipient. `mail_root` is a descriptor of virtual_mailbox_base. Never
// fails: trouble is part of the outcomes, which stand in the order of the messages.
std::vector<ipc::RecipientOutcome> deliver_to_mailboxes(const std::vector<const ipc::Deliver*>& messages,
                                                        int mail_root, const MailboxSettings& settings);

// An outcome in the words of local-delivery.
ipc::RecipientOutcome outcome_for(const ipc::DeliveryRecipient& recipient, ipc::DeliveryStatus status,
                                  std::string dsn, std::string text);

}  // namespace ekiden::local_delivery
