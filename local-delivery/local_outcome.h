#pragma once
// Outcomes of deliveries to users of this host, in the words of Postfix's local(8).
#include <string>

#include "common/ipc/messages/delivery.h"

namespace ekiden::local_delivery {

ipc::RecipientOutcome local_outcome(const ipc::DeliveryRecipient& recipient, ipc::DeliveryStatus status,
                                    std::string dsn, std::string text);

// Return-Path, X-Original-To and Delivered-To, in wire form: what final delivery puts before the message.
std::string final_header(const ipc::Deliver& message);

}  // namespace ekiden::local_delivery
