#include "queue/relay/connection_cache.h"

#include <algorithm>

namespace ekiden::relay {

ConnectionCache::ConnectionCache(event::Loop& loop, const Policy& policy, const Clock& clock)
    : policy_(policy), clock_(clock), timer_(loop, [this] { expire(); }), farewells_(loop) {}

bool ConnectionCache::worn_out(const Session& session) const {
    const std::int64_t age_us = clock_.steady_us() - session.opened_us;
    return !policy_.reuse || policy_.idle_time <= Milliseconds(0) ||
           (policy_.reuse_count != 0 && session.uses >= policy_.reuse_count) ||
           age_us >= std::chrono::microseconds(policy_.reuse_time).count();
}

void ConnectionCache::put(const std::string& destination, std::unique_ptr<Session> session) {
    if (worn_out(*session)) return end(std::move(session));
    auto& places = by_destination_[destination];
    if (places.size() >= destination_limit) return end(std::move(session));
    if (idle_.size() >= total_limit) {
        std::unique_ptr<Session> oldest = std::move(idle_.front().session);
        drop(idle_.begin());
        end(std::move(oldest));
    }
    const std::int64_t until = clock_.steady_us() + std::chrono::microseconds(policy_.idle_time).count();
    idle_.push_back({destination, std::move(session), until});
    by_destination_[destination].push_back(std::prev(idle_.end()));
    if (idle_.size() == 1) timer_.start(policy_.idle_time);
}

std::unique_ptr<Session> ConnectionCache::take(const std::string& destination) {
    for (auto found = by_destination_.find(destination); found != by_destination_.end();
         found = by_destination_.find(destination)) {
        const Place place = found->second.back();
        std::unique_ptr<Session> session = std::move(place->session);
        drop(place);
        if (!session->client->stale()) return session;
    }
    return nullptr;
}

void ConnectionCache::drop(Place place) {
    auto found = by_destination_.find(place->destination);
    std::erase(found->second, place);
    if (found->second.empty()) by_destination_.erase(found);
    idle_.erase(place);
}

void ConnectionCache::expire() {
    const std::int64_t now = clock_.steady_us();
    while (!idle_.empty() && idle_.front().until_us <= now) {
        std::unique_ptr<Session> session = std::move(idle_.front().session);
        drop(idle_.begin());
        end(std::move(session));
    }
    // A millisecond more, so that the next one's time has surely come then.
    if (!idle_.empty()) timer_.start(Milliseconds((idle_.front().until_us - now) / 1000 + 1));
}

void ConnectionCache::clear() {
    while (!idle_.empty()) {
        std::unique_ptr<Session> session = std::move(idle_.front().session);
        drop(idle_.begin());
        end(std::move(session));
    }
}

void ConnectionCache::end(std::unique_ptr<Session> session) {
    farewells_.spawn(farewell(std::move(session)));
}

Task<> ConnectionCache::farewell(std::unique_ptr<Session> session) {
    co_await session->client->quit(policy_.wait_for_quit);
}

}  // namespace ekiden::relay
