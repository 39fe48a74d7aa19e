#include "common/ipc/peers.h"

#include <ranges>

namespace ekiden::ipc {

std::shared_ptr<Channel> Peer::least_busy() const {
    // The newest of equals: of an older one the end may not have been heard yet.
    std::shared_ptr<Channel> best;
    for (const auto& [incarnation, channel] : std::views::reverse(workers_))
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
    auto channel = std::make_shared<Channel>(loop_, std::move(end.channel), self_, std::move(sender),
                                             dispatcher_, [this](Channel& channel) { closed(channel); });
    if (end.draining) {
        channel->say_last();
        peer.retired_.push_back(std::move(channel));
    } else {
        peer.workers_[end.incarnation] = std::move(channel);
        peer.arrived_.notify_all();
    }
}

void Peers::retire(const PeerDraining& draining) {
    Peer& peer = (*this)[draining.service];
    auto place = peer.workers_.find(draining.incarnation);
    if (place == peer.workers_.end()) return;
    place->second->say_last();
    // Also one whose end is still to be told: it needs no successor from master.
    peer.retired_.push_back(std::move(place->second));
    peer.workers_.erase(place);
}

std::shared_ptr<Channel> Peers::first_channel(Condition condition) const {
    for (const auto& [service, peer] : peers_) {
        for (const auto& [incarnation, channel] : peer->workers_)
            if (condition(*channel)) return channel;
        for (const std::shared_ptr<Channel>& channel : peer->retired_)
            if (condition(*channel)) return channel;
    }
    return nullptr;
}

Task<bool> Peers::until_none(Condition condition, Task<bool> (Channel::*it_passes)(Milliseconds),
                             Milliseconds time) {
    const Deadline deadline(time);
    while (std::shared_ptr<Channel> channel = first_channel(condition)) {
        if (deadline.passed()) co_return false;
        co_await (*channel.*it_passes)(deadline.left());
    }
    co_return true;
}

Task<bool> Peers::all_sent(Milliseconds time) {
    return until_none([](const Channel& each) { return each.unsent() > 0; }, &Channel::sent, time);
}

Task<bool> Peers::all_heard_out(Milliseconds time) {
    return until_none([](const Channel& each) { return !each.heard_last(); }, &Channel::last, time);
}

Task<bool> Peers::all_answered(Milliseconds time) {
    return until_none([](const Channel& each) { return each.serving() > 0; }, &Channel::answered, time);
}

void Peers::drop_requests() {
    for (const auto& [service, peer] : peers_) {
        for (const auto& [incarnation, channel] : peer->workers_) channel->drop_requests();
        for (const std::shared_ptr<Channel>& channel : peer->retired_) channel->drop_requests();
    }
}

void Peers::closed(Channel& channel) {
    Sender sender = channel.peer();
    Peer& peer = (*this)[sender.service];
    auto place = peer.workers_.find(sender.incarnation);
    bool current = place != peer.workers_.end() && place->second.get() == &channel;
    if (current) peer.workers_.erase(place);
    std::erase_if(peer.retired_,
                  [&](const std::shared_ptr<Channel>& each) { return each.get() == &channel; });
    if (lost_) lost_(sender);
    if (current && closed_) closed_(sender);
}

}  // namespace ekiden::ipc
