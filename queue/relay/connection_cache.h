#pragma once
// Sessions between two messages. A session is kept for a short time under the destination it was made for,
// and given to the next message of that destination; then, or when there are too many, it is ended with QUIT.
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/event/gate.h"
#include "common/event/loop.h"
#include "queue/relay/connector.h"

namespace ekiden::relay {

class ConnectionCache {
  public:
    static constexpr std::size_t total_limit = 500;
    static constexpr std::size_t destination_limit = 50;

    // All outlive it.
    ConnectionCache(event::Loop& loop, const Policy& policy, const Clock& clock);

    // Keeps the session, or ends it where the policy or a limit says so.
    void put(const std::string& destination, std::unique_ptr<Session> session);
    // The session that was used last, if its server still seems to be there; null when there is none.
    std::unique_ptr<Session> take(const std::string& destination);
    // Says QUIT in the background.
    void end(std::unique_ptr<Session> session);
    // Ends all that are idle.
    void clear();
    std::size_t size() const { return idle_.size(); }

  private:
    struct Idle {
        std::string destination;
        std::unique_ptr<Session> session;
        std::int64_t until_us;
    };
    using Place = std::list<Idle>::iterator;

    bool worn_out(const Session& session) const;
    void drop(Place place);
    void expire();
    Task<> farewell(std::unique_ptr<Session> session);

    const Policy& policy_;
    const Clock& clock_;
    std::list<Idle> idle_;  // oldest first
    std::unordered_map<std::string, std::vector<Place>> by_destination_;
    event::Timer timer_;
    event::Gate farewells_;
};

}  // namespace ekiden::relay
