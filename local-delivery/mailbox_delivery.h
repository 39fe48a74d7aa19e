#pragma once
// What delivery to a virtual mailbox adds to writing a Maildir or an mbox (a path that ends with '/' is a
// Maildir, as in Postfix's virtual(8)): the header lines of final delivery, the check
// for mail that goes in a circle, the words for log and DSN. Runs in the child that has the mailboxes' uid,
// on a pool thread.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ipc/messages/delivery.h"
#include "common/mailbox/mbox_lock.h"

namespace ekiden::local_delivery {

struct MailboxSettings {
    std::string host;                 // myhostname
    std::uint64_t message_limit = 0;  // virtual_mailbox_limit
    bool flush = true;                // maildir_fsync
    mailbox::MboxLocking locking{};   // virtual_mailbox_lock; one attempt is made, whatever it says
};

// An outcome, and whether another program's lock on an mbox is its reason: another try soon may do.
struct MailboxOutcome {
    ipc::RecipientOutcome recipient;
    bool locked = false;
};

// Delivers each message to its one recipient. `mail_root` is a descriptor of virtual_mailbox_base. Never
// fails: trouble is part of the outcomes, which stand in the order of the messages.
std::vector<MailboxOutcome> deliver_to_mailboxes(const std::vector<const ipc::Deliver*>& messages,
                                                 int mail_root, const MailboxSettings& settings);

// An address as a header line may hold it.
std::string harmless(std::string_view address);

// An outcome in the words of local-delivery.
ipc::RecipientOutcome outcome_for(const ipc::DeliveryRecipient& recipient, ipc::DeliveryStatus status,
                                  std::string dsn, std::string text);

}  // namespace ekiden::local_delivery
