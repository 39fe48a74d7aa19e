#include "local-delivery/probe.h"

#include "local-delivery/local_outcome.h"
#include "local-delivery/mailbox_delivery.h"

namespace ekiden::local_delivery {
namespace {

constexpr const char* deliverable = "2.0.0";

std::string words_for_mailbox(bool maildir) {
    return maildir ? "delivers to maildir" : "delivers to mailbox";
}

std::string words_for(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings) {
    if (recipient.destination == ipc::Destination::file) return "delivers to file: " + recipient.target;
    if (!recipient.target.empty()) return "delivers to command: " + recipient.target;  // or mailbox_command
    if (!settings.home_mailbox.empty()) return words_for_mailbox(settings.home_mailbox.ends_with('/'));
    return words_for_mailbox(settings.spool_is_maildirs);
}

}  // namespace

ipc::RecipientOutcome probed_mailbox(const ipc::DeliveryRecipient& recipient) {
    return outcome_for(recipient, ipc::DeliveryStatus::sent, deliverable,
                       words_for_mailbox(recipient.mailbox.ends_with('/')));
}

ipc::RecipientOutcome probed_user(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings) {
    return local_outcome(recipient, ipc::DeliveryStatus::sent, deliverable, words_for(recipient, settings));
}

}  // namespace ekiden::local_delivery
