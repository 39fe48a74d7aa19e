#pragma once
// What may be done to the spool. Operations are collected and applied many at a time, in one transaction with
// one flush (spool.h); each is whole or not at all.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "common/spool/message.h"

namespace ekiden::queue {

// A message becomes ours. Its content file, if it has one, is written and closed by its receiver. Value: 1,
// or 0 when its maildrop file was accepted before; then nothing of it is kept.
struct Accept {
    NewMessage message;
};

struct RecipientOutcome {
    std::int64_t number = 0;
    RecipientState state = RecipientState::waiting;
    std::string status;
    std::string reason;
    std::string remote;
    std::string reply = {};
    std::string relay = {};
    std::string action = {};
};

// Outcomes of deliveries, and perhaps the end of a pass. Does nothing (value 0) when an operator deleted the
// message meanwhile.
struct Settle {
    enum class Then {
        record,  // others of this pass are still under way
        defer,   // the pass is over, somebody waits
        remove,  // nobody waits and nobody is unreported
    };
    text::QueueId id;
    std::vector<RecipientOutcome> outcomes;
    Then then = Then::record;
    std::int64_t next_attempt = 0;  // with defer, as are the next five
    std::int64_t age = 0;
    std::int64_t seen = 0;
    std::int64_t attempts = 0;
    bool warned = false;
    ipc::Trace trace = ipc::Trace::none;  // the report that is owed from now on
    std::vector<NewMessage> notices;      // inserted together with what they report
    std::vector<std::int64_t>
        reported;  // recipients that failed and are told of in `notices`, or of whom nobody is told
};

// Alias expansion: recipient `number` is done, `results` (with new numbers, resolved) and the messages
// `forwarded` take its place.
struct Expand {
    Sequence sequence = 0;
    std::int64_t number = 0;
    std::vector<Recipient> results;
    std::vector<NewMessage> forwarded;
    // What a report says of the alias itself, where there is to be one.
    std::optional<RecipientOutcome> told = {};
};

// An operator's command on one message. Value: 1, or 0 when there is no such message, or nothing to change in
// it (held already, not on hold, expired already).
struct Command {
    enum class Verb { hold, release, remove, requeue, expire, attempt_now };
    Verb verb;
    Sequence sequence = 0;
};

// All deferred mail, or that with a waiting recipient in `site` (a domain), becomes due. Value: how many
// messages.
struct Flush {
    std::string site;
};

// Takes `count` sequence numbers that nobody was ever given. Value: the first.
struct ReserveSequence {
    std::int64_t count = 1;
};

// Maildrop files that cannot come again need not be known any longer: all but these.
struct ForgetDrops {
    std::vector<std::string> keep;
};

using Operation = std::variant<Accept, Settle, Expand, Command, Flush, ReserveSequence, ForgetDrops>;

// The messages that an operation inserts.
inline std::span<NewMessage> new_messages(Operation& operation) {
    if (auto* accept = std::get_if<Accept>(&operation)) return {&accept->message, 1};
    if (auto* settle = std::get_if<Settle>(&operation)) return settle->notices;
    if (auto* expand = std::get_if<Expand>(&operation)) return expand->forwarded;
    return {};
}

}  // namespace ekiden::queue
