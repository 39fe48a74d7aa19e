#pragma once
// The queue's listing in the two forms of postqueue: the traditional one of mailq, with the columns that long
// queue ids have, and JSON lines. Both are made message by message, so that a long queue begins to show at
// once.
#include <cstdint>
#include <string>

#include "common/ipc/messages/queue.h"

namespace ekiden::admin {

class TraditionalListing {
  public:
    // The text of one message, the heading before the first.
    std::string print(const ipc::ListedMessage& message);
    // The last line: how much in how many requests, or that there is nothing.
    std::string end() const;

  private:
    std::uint64_t messages_ = 0;
    std::uint64_t octets_ = 0;
};

// One line, with its line end.
std::string print_json(const ipc::ListedMessage& message);

}  // namespace ekiden::admin
