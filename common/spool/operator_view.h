#pragma once
// What an operator sees of stored messages and what may be done to them, in the words of the messages of
// ipc/messages/queue.h: the same for a manager that runs and for a tool that works on the spool itself.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ipc/messages/queue.h"
#include "common/spool/spool.h"

namespace ekiden::queue {

inline constexpr std::int64_t operator_page = 1000;           // messages
inline constexpr std::size_t operator_page_octets = 1 << 20;  // of a page or of a message's recipients

Command::Verb verb_of(ipc::QueueVerb verb);
// Postfix's words for what was done to a message: "placed on hold".
std::string_view said(ipc::QueueVerb verb);

// `active`: it is being delivered, which only a running manager knows.
ipc::QueueState state_of(const StoredMessage& message, bool active);
// A page of a listing, of at most operator_page_octets or one message; `asked`: how many were looked for.
ipc::QueuePage page_of(std::vector<StoredMessage> messages, std::int64_t asked,
                       const std::function<bool(Sequence)>& is_active);

// The messages that an order may mean: the one of its id, or the next page. Malformed: what it names is no
// queue id, or nothing is named at all.
Result<std::vector<StoredMessage>> candidates(Spool& spool, const ipc::ChangeQueue& order);

struct Chosen {
    std::vector<text::QueueId> ids;
    std::string next;  // where the next page begins; empty: there is none
};
// Those of the candidates that it does mean.
Chosen choose(const ipc::ChangeQueue& order, const std::vector<StoredMessage>& candidates,
              const std::function<bool(Sequence)>& is_active);

// One message with recipients and content, as if it were not active. not_found when there is none.
Result<ipc::QueuedMessage> read_message(Spool& spool, const ipc::ReadMessage& question);

// A message that was put on hold, as a sentence. Past most_findings lines one says that there are more.
inline constexpr std::size_t most_findings = 1000;
void add_finding(ipc::QueueFindings& findings, const Suspect& suspect);

}  // namespace ekiden::queue
