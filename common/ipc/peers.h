#pragma once
// The other services as a process sees them: each may have several workers, each worker may be replaced while
// we live. A question goes to the worker with the fewest under way; while there is none it waits for master
// to give one.
#include <map>
#include <memory>
#include <vector>

#include "common/ipc/channel.h"
#include "common/ipc/messages/control.h"

namespace ekiden::ipc {

class Peer {
  public:
    Peer(event::Loop& loop, Service service) : service_(service), arrived_(loop) {}

    // As Channel::ask; also waits, within the same time, for the service to be there at all.
    template <Message M>
    Task<Result<typename M::Reply>> ask(M message, Milliseconds time) {
        if (!least_busy()) co_await arrived_.wait(time);
        std::shared_ptr<Channel> channel = least_busy();
        if (!channel) co_return temporary(std::string(name_of(service_)) + " is not running");
        Result<typename M::Reply> reply = co_await channel->ask(std::move(message), time);
        co_return reply;
    }
    // One way; dropped while the service is not there.
    template <Message M>
    void tell(const M& message) {
        if (std::shared_ptr<Channel> channel = least_busy()) channel->tell(message);
    }
    // True once a worker is there; false when none came within `time`.
    Task<bool> wait_until_present(Milliseconds time) {
        if (!least_busy()) co_await arrived_.wait(time);
        co_return least_busy() != nullptr;
    }
    bool present() const { return least_busy() != nullptr; }
    // Octets that the worker which tell() would take has not read yet.
    std::size_t unsent() const {
        std::shared_ptr<Channel> channel = least_busy();
        return channel ? channel->unsent() : 0;
    }

  private:
    friend class Peers;
    std::shared_ptr<Channel> least_busy() const;
    Service service_;
    event::Signal arrived_;
    // By incarnation: in a reload a worker and its successor are there at the same time, with one number
    // where the service has a single worker. Shared with the questions under way, which outlive a channel
    // that is replaced.
    std::map<std::uint64_t, std::shared_ptr<Channel>> workers_;
    // To workers that finish what they have: never asked again, kept until they close.
    std::vector<std::shared_ptr<Channel>> retired_;
};

class Peers {
  public:
    Peers(event::Loop& loop, Service self, const Dispatcher& dispatcher);

    Peer& operator[](Service service);
    // Master gave a fresh channel. To a worker that drains it is for what that one asks, and nothing is asked
    // there.
    void add(PeerEnd end);
    // That worker takes no new work, and is told that none comes; unknown ones are passed over.
    void retire(const PeerDraining& draining);
    // Called when a worker of a service is gone (its open work must be done by another).
    void on_lost(std::function<void(const Sender&)> lost) { lost_ = std::move(lost); }
    // Called when the channel in use to a worker closed, be it that the worker ended or that only the channel
    // did.
    void on_closed(std::function<void(const Sender&)> closed) { closed_ = std::move(closed); }
    // Waits until the others have taken all that was written to them, or are gone. False: not within `time`.
    Task<bool> all_sent(Milliseconds time);
    // Waits until each of the others has said that nothing more comes, or is gone. False: not within `time`.
    Task<bool> all_heard_out(Milliseconds time);
    // Waits until all that was asked here is answered. False: not within `time`.
    Task<bool> all_answered(Milliseconds time);
    // What is still being answered is given up.
    void drop_requests();

  private:
    using Condition = bool (*)(const Channel& channel);
    std::shared_ptr<Channel> first_channel(Condition condition) const;
    // Until the condition holds for no channel; `it_passes` waits for that of one.
    Task<bool> until_none(Condition condition, Task<bool> (Channel::*it_passes)(Milliseconds),
                          Milliseconds time);
    void closed(Channel& channel);
    event::Loop& loop_;
    const Service self_;
    const Dispatcher& dispatcher_;
    std::function<void(const Sender&)> lost_, closed_;
    std::map<Service, std::unique_ptr<Peer>> peers_;
};

}  // namespace ekiden::ipc
