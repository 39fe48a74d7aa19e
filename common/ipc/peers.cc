#include "common/ipc/peers.h"

namespace ekiden::ipc {

std::shared_ptr<Channel> Peer::least_busy() const {
    std::shared_ptr<Channel> best;
    for (const auto& [worker, channel] : workers_)
        if (channel->open() && (!best || channel->pending() < best->pending())) best = channel;
    return best;
}

Peers::Peers(event::Loop& loop, Service self, const Dispatcher& dispatcher)
    : loop_(loop), self_(self), dispatcher_(dispatcher) {}

Peer& Peers::operator[](Service service) {
    std::unique_ptr<Peer>& peer = peers_[service];
    if (!peer) peer = std::make_unique<Peer>(loop_, service);
    return *peer;
}

void Peers::add(PeerEnd end) {
    Peer& peer = (*this)[end.service];
    Sender sender{end.service, end.worker, end.incarnation, end.pid, end.log_name};
    peer.workers_[end.worker] =
        std::make_shared<Channel>(loop_, std::move(end.channel), self_, std::move(sender), dispatcher_,
                                  [this](Channel& channel) { closed(channel); });
    peer.arrived_.notify_all();
}

void Peers::retire(const PeerDraining& draining) {
    Peer& peer = (*this)[draining.service];
    auto place = peer.workers_.find(draining.worker);
    if (place == peer.workers_.end() || place->second->peer().incarnation != draining.incarnation) return;
    // Also one whose end is still to be told: it needs no successor from master.
    peer.retired_.push_back(std::move(place->second));
    peer.workers_.erase(place);
}

std::shared_ptr<Channel> Peers::with_unsent() const {
    for (const auto& [service, peer] : peers_) {
        for (const auto& [worker, channel] : peer->workers_)
            if (channel->unsent() > 0) return channel;
        for (const std::shared_ptr<Channel>& channel : peer->retired_)
            if (channel->unsent() > 0) return channel;
    }
    return nullptr;
}

Task<bool> Peers::all_sent(Milliseconds time) {
    const std::int64_t end = system_clock().steady_us() + std::chrono::microseconds(time).count();
    while (std::shared_ptr<Channel> channel = with_unsent()) {
        const std::chrono::microseconds left(end - system_clock().steady_us());
        if (left.count() <= 0) co_return false;
        co_await channel->sent(std::chrono::ceil<Milliseconds>(left));
    }
    co_return true;
}

void Peers::closed(Channel& channel) {
    Sender sender = channel.peer();
    Peer& peer = (*this)[sender.service];
    auto place = peer.workers_.find(sender.worker);
    bool current = place != peer.workers_.end() && place->second.get() == &channel;
    if (current) peer.workers_.erase(place);
    std::erase_if(peer.retired_,
                  [&](const std::shared_ptr<Channel>& each) { return each.get() == &channel; });
    if (lost_) lost_(sender);
    if (current && closed_) closed_(sender);
}

}  // namespace ekiden::ipc
