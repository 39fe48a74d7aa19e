#pragma once
// SASL exchanges under way: between one message of a front and the next, the mechanism waits here. An
// exchange belongs to the worker that began it; nobody else can continue or end it.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "authd/bounded_table.h"
#include "common/base/clock.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/auth.h"
#include "common/sasl/mechanism.h"

namespace ekiden::authd {

// Names one life of one worker.
std::string owner_of(const ipc::Sender& sender);

struct Exchange {
    std::string owner;
    ipc::ClientFacts client;
    std::string method;
    std::shared_ptr<sasl::Mechanism> mechanism;
    std::int64_t until_us = 0;  // steady time
};

class Exchanges {
  public:
    Exchanges(const Clock& clock, Seconds age, std::size_t capacity)
        : clock_(clock), age_(age), table_(capacity) {}

    // The number by which the front continues it.
    std::uint64_t keep(Exchange exchange);
    // Takes it out; nothing when it is unknown, too old, or another's.
    std::optional<Exchange> take(std::uint64_t number, const std::string& owner);
    void owner_gone(const std::string& owner);
    void sweep();
    std::size_t size() const { return table_.size(); }

  private:
    const Clock& clock_;
    Seconds age_;
    std::uint64_t last_ = 0;
    BoundedTable<Exchange> table_;
};

}  // namespace ekiden::authd
