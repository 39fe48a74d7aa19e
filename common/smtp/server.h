#pragma once
// What the sessions of one process share: options, policy, the way to the other processes, and small caches
// that save round trips. Sessions refer to it; it outlives them.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/event/loop.h"
#include "common/net/tls.h"
#include "common/smtp/backend.h"
#include "common/smtp/options.h"
#include "common/smtp/policy.h"

namespace ekiden::smtp {

struct ClientNames {
    std::string name = "unknown";          // PTR whose addresses include the client's
    std::string reverse_name = "unknown";  // PTR as it is
};

class Server {
  public:
    // Make it before a chroot: it has the time zone read.
    Server(event::Loop& loop, Backend& backend, SessionOptions options, Policy& policy);

    event::Loop& loop;
    Backend& backend;
    SessionOptions options;
    Policy& policy;
    // The certificate in use, or null; it may change while a handshake goes on, which keeps its pointer.
    std::function<std::shared_ptr<const net::TlsContext>()> tls = [] { return nullptr; };

    // A queue id that no other message has; ids are reserved in batches.
    Task<Result<std::string>> take_queue_id();
    // After the manager refused a commit: it may be a new one that does not know the reserved ids.
    void forget_queue_ids() { queue_ids_.clear(); }

    // The client's name by PTR, confirmed by a forward lookup. Remembered for a minute.
    Task<ClientNames> names_of(net::IpAddress address);

    // What AUTH announces, asked of authd at most every few seconds. Empty while authd is away.
    Task<List> mechanisms();

    std::string next_session_id();

    // What a client is told for whom there is no descriptor; nothing where TLS comes first.
    std::string too_busy() const;

    std::vector<ipc::NamedValue> counters() const;

    std::uint64_t sessions = 0, messages = 0, refusals = 0;  // counters for status

  private:
    struct Remembered {
        ClientNames names;
        std::int64_t until;  // steady microseconds
    };
    std::vector<std::string> queue_ids_;
    std::map<net::IpAddress, Remembered> names_;
    List mechanisms_;
    std::int64_t mechanisms_until_ = 0;
    std::uint64_t session_counter_ = 0;
};

}  // namespace ekiden::smtp
