#pragma once
// What aliases and lists name, as recipients of a message.
#include <string>

#include "common/ipc/messages/router.h"
#include "common/spool/message.h"

namespace ekiden::queue {

// Recipients with the same key are the same.
std::string key_of(ipc::Destination destination, std::string_view address, std::string_view target,
                   std::string_view user);
std::string key_of(const Recipient& recipient);

// What an answer of the router's names.
Recipient recipient_of(const ipc::ResolvedRecipient& resolved);
// The answer that is the address itself, not others in its place.
bool is_itself(const ipc::ResolvedRecipient& answer, const std::string& address);

}  // namespace ekiden::queue
