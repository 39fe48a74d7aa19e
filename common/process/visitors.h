#pragma once
// Who connects to a worker's public socket: the administrator's tools, or (where the privilege table says so)
// every user of this host. The kernel says whose command it is. What a user may hold here is bounded, for
// anybody could connect any number of times and never say or read anything.
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <memory>

#include "common/event/loop.h"
#include "common/ipc/channel.h"

namespace ekiden::process {

class Visitors {
  public:
    // What a user may have under way: ekiqueue asks one small question at a time, sends no descriptors (to
    // close one can take as long as its sender chose), and asks anew when a pager held it up for longer.
    static constexpr ipc::Bounds bounds_of_users{.requests = 1,
                                                 .octets = 4 * 1024,
                                                 .payload = 4 * 1024,
                                                 .unsent = 1024 * 1024,
                                                 .descriptors = false,
                                                 .idle = std::chrono::seconds(10)};

    // `self`: the service that is visited; `dispatcher` answers. With `users` everybody is let in, as
    // Service::user and within `bounds`, else root and whoever runs this process, as Service::admin.
    Visitors(event::Loop& loop, ipc::Service self, const ipc::Dispatcher& dispatcher, bool users,
             ipc::Bounds bounds = bounds_of_users)
        : loop_(loop),
          self_(self),
          dispatcher_(dispatcher),
          users_(users),
          bounds_(users ? bounds : ipc::Bounds{}) {}

    // Could one more be admitted?
    bool room() const { return visitors_.size() < most; }
    // Takes the connection, or closes it where that user may not be here or is here often enough.
    void admit(OwnedFd fd);
    // The same for who that is.
    void admit(OwnedFd fd, const ucred& who);
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
    const ipc::Bounds bounds_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Visitor>> visitors_;
};

}  // namespace ekiden::process
