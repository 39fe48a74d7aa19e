#include "authd/exchanges.h"

#include <fmt/format.h>

namespace ekiden::authd {

std::string owner_of(const ipc::Sender& sender) {
    return fmt::format("{}/{}/{}", ipc::name_of(sender.service), sender.worker, sender.incarnation);
}

std::uint64_t Exchanges::keep(Exchange exchange) {
    exchange.until_us = clock_.steady_us() + std::chrono::microseconds(age_).count();
    std::uint64_t number = ++last_;
    table_.touch(std::to_string(number)) = std::move(exchange);
    return number;
}

std::optional<Exchange> Exchanges::take(std::uint64_t number, const std::string& owner) {
    std::string key = std::to_string(number);
    Exchange* found = table_.find(key);
    if (found == nullptr || found->owner != owner) return std::nullopt;
    std::optional<Exchange> taken(std::move(*found));
    table_.erase(key);
    if (taken->until_us <= clock_.steady_us()) return std::nullopt;
    return taken;
}

void Exchanges::owner_gone(const std::string& owner) {
    table_.erase_if([&](const std::string&, const Exchange& exchange) { return exchange.owner == owner; });
}

void Exchanges::sweep() {
    std::int64_t now = clock_.steady_us();
    table_.erase_if([&](const std::string&, const Exchange& exchange) { return exchange.until_us <= now; });
}

}  // namespace ekiden::authd
