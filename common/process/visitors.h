#pragma once
// Who connects to a worker's public socket: the administrator's tools, or (where the privilege table says so)
// every user of this host. The kernel says whose command it is. What a user may hold here is bounded, for
// anybody could connect any number of times and never say or read anything.
#include <cstdint>
#include <map>
#include <memory>

#include "common/event/loop.h"
#include "common/ipc/channel.h"

namespace ekiden::process {

class Visitors {
  public:
    // `self`: the service that is visited; `dispatcher` answers. With `users` everybody is let in, as
    // Service::user, else root and whoever runs this process, as Service::admin.
    Visitors(event::Loop& loop, ipc::Service self, const ipc::Dispatcher& dispatcher, bool users)
        : loop_(loop), self_(self), dispatcher_(dispatcher), users_(users) {}

    // Could one more be admitted?
    bool room() const { return visitors_.size() < most; }
    // Takes the connection, or closes it where that user may not be here or is here often enough.
    void admit(OwnedFd fd);
    // Ends all visits.
    void clear() { visitors_.clear(); }

  private:
    struct Visitor {
        Visitor(event::Loop& loop, std::function<void()> late) : end(loop, std::move(late)) {}
        std::uint32_t uid = 0;
        std::unique_ptr<ipc::Channel> channel;
        event::Timer end;  // of a user's time
    };
    static constexpr std::size_t most = 32;
    static constexpr std::size_t most_of_a_user = 4;

    bool welcome(std::uint32_t uid) const;

    event::Loop& loop_;
    const ipc::Service self_;
    const ipc::Dispatcher& dispatcher_;
    const bool users_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Visitor>> visitors_;
};

}  // namespace ekiden::process
