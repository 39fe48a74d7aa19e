// The relay: takes Deliver from the manager and speaks SMTP (and LMTP over TCP) to other hosts, in an empty
// root with nothing but outbound connections. How many deliveries run at once for a destination is the
// manager's decision.

#include <random>

#include "common/dns/client.h"
#include "common/process/daemon.h"
#include "queue/relay/connection_cache.h"
#include "queue/relay/connector.h"
#include "queue/relay/delivery.h"

namespace ekiden::relay {
namespace {

// The inet services of master.cf: an own address at one of these ports is ourselves.
std::vector<std::uint16_t> listening_ports(const config::Snapshot& snapshot) {
    std::vector<std::uint16_t> ports;
    for (const auto& service : snapshot.services) {
        if (service.type != config::ServiceType::inet) continue;
        if (Result<config::Endpoint> endpoint = config::parse_endpoint(service.name))
            ports.push_back(endpoint->port);
    }
    return ports;
}

class RelayProgram final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<Policy> policy = Policy::from(worker.settings());
        if (!policy) return pass(std::move(policy));
        policy_ = std::move(*policy);
        for (std::uint16_t port : listening_ports(worker.snapshot())) policy_.own_ports.push_back(port);
        if (policy_.tls == TlsLevel::none && !policy_.tls_wrapper) return {};
        Result<net::TlsContext> tls = net::TlsContext::client();
        if (!tls) return pass(std::move(tls));
        tls_.emplace(std::move(*tls));
        return tls_->limit_versions(policy_.tls_versions.lowest, policy_.tls_versions.highest);
    }

    void serve(process::Worker& worker) override {
        idle_.emplace(worker.loop());
        resolver_.emplace(worker.peer(ipc::Service::resolver));
        if (policy_.log_in)
            logins_.emplace(worker.peer(ipc::Service::router),
                            worker.settings()[param::smtp_sasl_password_maps]);
        connector_.emplace(worker.loop(), policy_, tls_ ? &*tls_ : nullptr, system_clock(),
                           logins_ ? &*logins_ : nullptr);
        cache_.emplace(worker.loop(), policy_, system_clock());
        worker.answer<ipc::Deliver>([this, &worker](ipc::Deliver request, ipc::Sender) {
            return deliver(worker.loop(), std::move(request));
        });
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        return {{"under_way", std::to_string(under_way_)},
                {"deliveries", std::to_string(deliveries_)},
                {"idle_connections", std::to_string(cache_ ? cache_->size() : 0)}};
    }

    // A delivery that is broken off behind its final dot would be made twice: those under way get all the
    // time there is.
    Task<> finish(process::Worker&, Milliseconds time) override {
        co_await idle_->until([this] { return under_way_ == 0; }, time);
        if (cache_) cache_->clear();
    }

  private:
    // One delivery under way, for as long as this lives.
    struct Counted {
        explicit Counted(RelayProgram& owner) : program(owner) { ++program.under_way_; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        ~Counted() {
            if (--program.under_way_ == 0) program.idle_->notify_all();
        }
        RelayProgram& program;
    };

    Task<Result<ipc::DeliveryOutcome>> deliver(event::Loop& loop, ipc::Deliver request) {
        Counted counted(*this);
        ++deliveries_;
        Context context{loop, policy_, *resolver_, *connector_, *cache_, system_clock(), random_below_};
        Delivery delivery(context, std::move(request));
        ipc::DeliveryOutcome outcome = co_await delivery.run();
        co_return outcome;
    }

    Policy policy_;
    std::optional<net::TlsContext> tls_;
    std::optional<dns::PeerResolver> resolver_;
    std::optional<TableLogins> logins_;
    std::optional<Connector> connector_;
    std::optional<ConnectionCache> cache_;
    std::mt19937 engine_{std::random_device{}()};
    dns::RandomBelow random_below_ = [this](std::uint32_t below) {
        return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(engine_);
    };
    std::optional<event::Signal> idle_;
    std::uint64_t under_way_ = 0;
    std::uint64_t deliveries_ = 0;
};

}  // namespace
}  // namespace ekiden::relay

int main() { return ekiden::process::run<ekiden::relay::RelayProgram>(ekiden::ipc::Service::relay); }
