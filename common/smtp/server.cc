#include "common/smtp/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "common/dns/client.h"
#include "common/mail/address.h"
#include "common/mail/date.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

constexpr std::uint16_t ids_per_batch = 64;
constexpr std::size_t ids_kept = 256;
constexpr std::size_t names_kept = 10'000;
constexpr std::int64_t names_time = 60'000'000;
constexpr std::int64_t mechanisms_time = 10'000'000;

std::int64_t now() { return system_clock().steady_us(); }

// The session's backend as the resolver that common/dns asks.
class BackendResolver final : public dns::Resolver {
  public:
    explicit BackendResolver(Backend& backend) : backend_(backend) {}
    Task<Result<dns::Answer>> resolve(std::string name, dns::Type type) override {
        ipc::DnsQuery query{std::move(name), dns::to_message(type)};
        Result<ipc::DnsAnswer> answer = co_await backend_.ask(std::move(query));
        if (!answer) co_return pass(answer);
        co_return dns::from_message(std::move(*answer));
    }

  private:
    Backend& backend_;
};

}  // namespace

Server::Server(event::Loop& the_loop, Backend& the_backend, SessionOptions the_options, Policy& the_policy)
    : loop(the_loop), backend(the_backend), options(std::move(the_options)), policy(the_policy) {
    (void)mail::print_local_date(0);
}

Task<Result<std::string>> Server::take_queue_id() {
    if (queue_ids_.empty()) {
        ipc::ReserveIds question{ids_per_batch};
        Result<ipc::QueueIds> ids = co_await backend.ask(std::move(question));
        if (!ids) co_return pass(ids);
        if (ids->ids.empty()) co_return temporary("the queue gave no ids");
        // Several sessions may have asked at once.
        for (std::string& id : ids->ids)
            if (queue_ids_.size() < ids_kept) queue_ids_.push_back(std::move(id));
        std::reverse(queue_ids_.begin(), queue_ids_.end());  // taken from the end, oldest first
    }
    std::string id = std::move(queue_ids_.back());
    queue_ids_.pop_back();
    co_return id;
}

Task<ClientNames> Server::names_of(net::IpAddress address) {
    if (!options.peer_names) co_return ClientNames{};
    auto known = names_.find(address);
    if (known != names_.end() && known->second.until > now()) co_return known->second.names;
    ClientNames names;
    if (address.print() == "127.0.0.1" || address.print() == "::1") {
        names.name = names.reverse_name = "localhost";  // what every hosts file says (RFC 6761 §6.3)
        co_return names;
    }
    BackendResolver resolver(backend);
    dns::ClientName found = co_await dns::confirm_client_name(resolver, address);
    // What could not stand in a log line or header is no name.
    if (mail::valid_domain(found.name)) names.name = std::move(found.name);
    if (mail::valid_domain(found.ptr)) names.reverse_name = std::move(found.ptr);
    if (found.kind == dns::ClientName::Kind::unsure) co_return names;
    if (names_.size() >= names_kept) names_.clear();
    names_.insert_or_assign(address, Remembered{names, now() + names_time});
    co_return names;
}

Task<List> Server::mechanisms() {
    if (mechanisms_until_ > now()) co_return mechanisms_;
    ipc::ListMechanisms question{options.service};
    Result<ipc::Mechanisms> answer = co_await backend.ask(std::move(question));
    if (!answer) co_return List{};
    mechanisms_.clear();
    for (std::string& name : answer->names) {
        auto same = [&](const std::string& wanted) { return text::equal_ignoring_case(wanted, name); };
        bool wanted = options.mechanism_filter.empty() || std::ranges::any_of(options.mechanism_filter, same);
        if (wanted) mechanisms_.push_back(std::move(name));
    }
    mechanisms_until_ = now() + mechanisms_time;
    co_return mechanisms_;
}

std::string Server::too_busy() const {
    if (options.tls_wrapper) return "";
    return Reply(421, "4.3.2 " + options.hostname + " Error: too busy, try again later").print();
}

std::string Server::next_session_id() { return fmt::format("{:x}.{:x}", ::getpid(), ++session_counter_); }

std::vector<ipc::NamedValue> Server::counters() const {
    return {{"sessions", std::to_string(sessions)},
            {"messages", std::to_string(messages)},
            {"refusals", std::to_string(refusals)}};
}

}  // namespace ekiden::smtp
