#include "authd/rates.h"

namespace ekiden::authd {
namespace {

std::string key_of(std::string_view service, std::string_view address) {
    return std::string(service) + ":" + std::string(address);
}

}  // namespace

Rates::Rates(const Clock& clock, Seconds time_unit, std::size_t capacity)
    : clock_(clock), time_unit_(time_unit), capacity_(capacity == 0 ? 1 : capacity) {}

Rates::Client& Rates::client(const std::string& key) {
    auto found = clients_.find(key);
    if (found != clients_.end()) {
        if (found->second.connections == 0) idle_.splice(idle_.end(), idle_, found->second.idle);
        return found->second;
    }
    if (idle_.size() >= capacity_) {
        clients_.erase(idle_.front());
        idle_.pop_front();
    }
    Client& made = clients_[key];
    made.idle = idle_.insert(idle_.end(), key);
    return made;
}

void Rates::opened(Client& client) {
    if (client.connections++ == 0) idle_.erase(client.idle);
}

void Rates::closed(const std::string& key, std::uint32_t count) {
    auto found = clients_.find(key);
    if (found == clients_.end() || found->second.connections == 0) return;
    Client& client = found->second;
    client.connections -= std::min(count, client.connections);
    if (client.connections > 0) return;
    client.idle = idle_.insert(idle_.end(), key);
    if (idle_.size() > capacity_) {
        clients_.erase(idle_.front());
        idle_.pop_front();
    }
}

ipc::ClientCounts Rates::count(std::uint64_t worker, std::string_view service, std::string_view address,
                               ipc::ClientEvent event) {
    std::string key = key_of(service, address);
    if (event == ipc::ClientEvent::disconnect) {
        gone(worker, service, address);
        auto found = clients_.find(key);
        return {found == clients_.end() ? 0 : found->second.connections, 0};
    }
    Client& known = client(key);
    Window& window = known.windows[static_cast<std::size_t>(event)];
    std::int64_t now = clock_.steady_us();
    if (window.count == 0 || now - window.started_us >= std::chrono::microseconds(time_unit_).count())
        window = {now, 0};
    ++window.count;
    if (event == ipc::ClientEvent::connect) {
        ++open_[worker][key];
        opened(known);
    }
    return {known.connections, window.count};
}

void Rates::gone(std::uint64_t worker, std::string_view service, std::string_view address) {
    auto of_worker = open_.find(worker);
    if (of_worker == open_.end()) return;
    auto connections = of_worker->second.find(key_of(service, address));
    if (connections == of_worker->second.end())
        return;  // never counted for this worker: it cannot lower others'
    std::string key = connections->first;
    if (--connections->second == 0) of_worker->second.erase(connections);
    if (of_worker->second.empty()) open_.erase(of_worker);
    closed(key, 1);
}

void Rates::worker_gone(std::uint64_t worker) {
    auto of_worker = open_.find(worker);
    if (of_worker == open_.end()) return;
    auto connections = std::move(of_worker->second);
    open_.erase(of_worker);
    for (const auto& [key, count] : connections) closed(key, count);
}

}  // namespace ekiden::authd
