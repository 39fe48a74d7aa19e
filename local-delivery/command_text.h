#pragma once
// What a command is told, and what its end means: its words, its environment, the meaning of its exit status.
// The interface is that of Postfix's local(8), which procmail, vacation and mailing list managers know.
#include <string>
#include <string_view>
#include <vector>

#include "common/ipc/messages/delivery.h"
#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

// Whether only a shell understands the line; otherwise its words are executed directly, unless the first one
// names no program: then it may be a word of the shell's.
bool needs_shell(std::string_view command);

// "NAME=value" each. Values that come from the message hold no octet outside command_expansion_filter.
std::vector<std::string> environment_of(const ipc::Deliver& message, const Account& account,
                                        const LocalSettings& settings);

// How a command ended.
struct CommandEnd {
    int wait_status = 0;  // of waitpid()
    bool timed_out = false;
    bool not_executed = false;  // it could not be started; `output` says why
    std::string output;         // what it wrote to standard output and standard error, its beginning
};

// sysexits(3); an enhanced status code at the beginning of the output is stronger.
ipc::RecipientOutcome outcome_of(const CommandEnd& end, const ipc::DeliveryRecipient& recipient);

}  // namespace ekiden::local_delivery
