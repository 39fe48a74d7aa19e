#include "authd/failures.h"

#include "common/net/address.h"

namespace ekiden::authd {
namespace {

// Whoever has one IPv6 address usually has 2^64.
std::string group_of(std::string_view address) {
    Result<net::IpAddress> parsed = net::IpAddress::parse(address);
    if (!parsed) return std::string(address);
    return parsed->v6() ? parsed->masked(64).print() : parsed->print();
}

}  // namespace

Failures::Failures(const Clock& clock, FailurePolicy policy, std::size_t capacity)
    : clock_(clock), policy_(policy), addresses_(capacity), users_(capacity) {}

std::int64_t Failures::count(BoundedTable<Window>& table, const std::string& key) {
    Window* window = table.find(key);
    if (window == nullptr) return 0;
    if (clock_.steady_us() - window->started_us < std::chrono::microseconds(policy_.window).count())
        return window->count;
    table.erase(key);
    return 0;
}

std::int64_t Failures::add(BoundedTable<Window>& table, const std::string& key) {
    std::int64_t before = count(table, key);
    Window& window = table.touch(key);
    if (before == 0) window.started_us = clock_.steady_us();
    window.count = before + 1;
    return window.count;
}

bool Failures::refused(std::string_view address) {
    return policy_.limit_address > 0 && of_address(address) >= policy_.limit_address;
}

Milliseconds Failures::record(std::string_view address, std::string_view user) {
    std::int64_t by_address = add(addresses_, group_of(address));
    std::int64_t by_user = add(users_, std::string(user));
    if (policy_.limit_user > 0 && by_user > policy_.limit_user) return policy_.delay_max;
    Milliseconds delay = policy_.delay;
    for (std::int64_t n = 1; n < by_address && delay < policy_.delay_max; ++n) delay *= 2;
    return std::min(delay, policy_.delay_max);
}

std::int64_t Failures::of_address(std::string_view address) { return count(addresses_, group_of(address)); }
std::int64_t Failures::of_user(std::string_view user) { return count(users_, std::string(user)); }

}  // namespace ekiden::authd
