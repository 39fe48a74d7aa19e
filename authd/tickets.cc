#include "authd/tickets.h"

#include "common/sasl/random.h"
#include "common/text/base64.h"

namespace ekiden::authd {

Tickets::Tickets(const Clock& clock, Seconds time_to_live, std::size_t capacity)
    : clock_(clock), time_to_live_(time_to_live), tickets_(capacity) {}

std::string Tickets::issue(TicketHolder holder) {
    std::string ticket = text::hex_encode(sasl::random_octets(16));
    std::int64_t until = clock_.steady_us() + std::chrono::microseconds(time_to_live_).count();
    tickets_.touch(ticket) = Entry{std::move(holder), until};
    return ticket;
}

Result<TicketHolder> Tickets::redeem(std::string_view ticket, std::string_view service) {
    Entry* entry = tickets_.find(ticket);
    if (entry == nullptr) return denied("this ticket is unknown or was used");
    Entry found = std::move(*entry);
    tickets_.erase(ticket);
    if (found.until_us <= clock_.steady_us()) return denied("this ticket came too late");
    if (found.holder.service != service) return denied("this ticket is for service " + found.holder.service);
    return std::move(found.holder);
}

void Tickets::revoke(std::string_view login) {
    tickets_.erase_if([&](const std::string&, const Entry& entry) { return entry.holder.login == login; });
}

}  // namespace ekiden::authd
