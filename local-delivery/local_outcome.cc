#include "local-delivery/local_outcome.h"

#include <fmt/format.h>

#include "local-delivery/mailbox_delivery.h"

namespace ekiden::local_delivery {

ipc::RecipientOutcome local_outcome(const ipc::DeliveryRecipient& recipient, ipc::DeliveryStatus status,
                                    std::string dsn, std::string text) {
    ipc::RecipientOutcome outcome = outcome_for(recipient, status, std::move(dsn), std::move(text));
    outcome.relay = "local";
    return outcome;
}

std::string final_header(const ipc::Deliver& message) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    const std::string& original = recipient.original.empty() ? recipient.address : recipient.original;
    return fmt::format("Return-Path: <{}>\r\nX-Original-To: {}\r\nDelivered-To: {}\r\n",
                       harmless(message.sender), harmless(original), harmless(recipient.address));
}

}  // namespace ekiden::local_delivery
