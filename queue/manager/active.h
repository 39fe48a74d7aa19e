#pragma once
// A message in memory while it is being delivered: what the spool knows of it, where each recipient goes,
// what is under way. Owned by the Queue; on disk nothing says that it is here.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/ipc/messages/router.h"
#include "common/spool/message.h"
#include "common/spool/operation.h"

namespace ekiden::queue {

// Where a recipient's mail goes in this pass; stands beside the recipient of the same place.
struct Route {
    enum class State {
        none,      // not in this pass any more, or not yet
        waiting,   // the scheduler has it
        under_way  // a deliverer has it
    };
    State state = State::none;
    ipc::Transport transport = ipc::Transport::retry;
    std::string next_hop;
    std::string mailbox;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t quota = 0;
    ipc::Destination destination = ipc::Destination::address;
    std::string target;
    std::string user;
    std::string command;       // of a user's mailbox
    std::size_t found_by = 0;  // the place of the alias that named it, plus one; 0: nobody, or not followed
    bool expanded = false;     // others took its place: a report names them alone
};

struct Active {
    StoredMessage message;
    std::vector<Route> routes;                   // one for each of message.recipients
    std::shared_ptr<const std::string> content;  // when it is small and there was room
    std::int64_t since_us = 0;                   // wall clock, for delays
    bool first_attempt = false;                  // accepted by this process: nobody can have tried before
    bool resolving = true;                       // the router has been asked
    bool ending = false;
    bool expanding = false;          // a .forward file is being recorded
    bool withdrawn = false;          // an operator held or deleted it
    bool nobody_to_deliver = false;  // the deliverer or the router was lost: try again soon
    std::size_t pending = 0;         // recipients waiting or under way
    int recording = 0;               // outcomes that are being written
    std::vector<RecipientOutcome> unsaved;
    std::set<std::string> found;  // verification: what aliases and .forward files named, by whom

    // Nothing of it is delivered: what is found out of each recipient is told to the sender, and that is all.
    bool verifies() const { return message.envelope.trace == ipc::Trace::verify; }
    // The place of a recipient by its number; recipients are in order of their numbers.
    std::size_t place(std::int64_t number) const {
        auto it = std::ranges::lower_bound(message.recipients, number, {}, &Recipient::number);
        return static_cast<std::size_t>(it - message.recipients.begin());
    }
};

}  // namespace ekiden::queue
