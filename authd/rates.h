#pragma once
// How much each client does (Postfix's anvil): connections open now, and connections, messages, recipients,
// AUTH commands and TLS handshakes within anvil_rate_time_unit, per service and client address over all
// workers. It only counts; smtpd compares with its limits. A worker that dies takes its open connections with
// it (worker_gone).
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/ipc/messages/auth.h"

namespace ekiden::authd {

class Rates {
  public:
    // At most `capacity` clients without an open connection are remembered; those with one are bounded by
    // their workers' own limits.
    Rates(const Clock& clock, Seconds time_unit, std::size_t capacity);

    // Counts the event. `worker` names the asking worker's present life.
    ipc::ClientCounts count(std::uint64_t worker, std::string_view service, std::string_view address,
                            ipc::ClientEvent event);
    // A connection counted for this worker has ended.
    void gone(std::uint64_t worker, std::string_view service, std::string_view address);
    void worker_gone(std::uint64_t worker);

    std::size_t clients() const { return clients_.size(); }
    void set_time_unit(Seconds time_unit) { time_unit_ = time_unit; }

  private:
    static constexpr std::size_t kinds = static_cast<std::size_t>(ipc::ClientEvent::last) + 1;
    struct Window {
        std::int64_t started_us = 0;
        std::uint32_t count = 0;
    };
    struct Client {
        std::uint32_t connections = 0;
        std::array<Window, kinds> windows;
        std::list<std::string>::iterator idle;  // meaningful while connections == 0
    };
    using Clients = std::unordered_map<std::string, Client>;
    Client& client(const std::string& key);
    void opened(Client& client);
    void closed(const std::string& key, std::uint32_t count);

    const Clock& clock_;
    Seconds time_unit_;
    std::size_t capacity_;
    Clients clients_;
    std::list<std::string> idle_;  // without connections, longest untouched first
    std::map<std::uint64_t, std::unordered_map<std::string, std::uint32_t>> open_;  // by worker
};

}  // namespace ekiden::authd
