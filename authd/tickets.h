#pragma once
// Login tickets: what a front hands to a session process instead of saying who logged in. A ticket is 128
// random bits, good once, for seconds, for the service it was made for. The session learns the login from
// here, so a captured front cannot name a mailbox. Tickets live in memory only: after a restart the client
// logs in again.
#include <cstddef>
#include <string>
#include <string_view>

#include "authd/bounded_table.h"
#include "common/base/clock.h"
#include "common/base/error.h"

namespace ekiden::authd {

struct TicketHolder {
    std::string login;    // canonical address
    std::string service;  // "pop3"
    std::string client;   // address of the client, for the log
};

class Tickets {
  public:
    Tickets(const Clock& clock, Seconds time_to_live, std::size_t capacity);

    // 32 hexadecimal digits.
    std::string issue(TicketHolder holder);
    // Ends the ticket whatever the outcome. Denied: unknown, used, late, or another service's.
    Result<TicketHolder> redeem(std::string_view ticket, std::string_view service);
    // The account was changed or went: its open tickets end.
    void revoke(std::string_view login);
    std::size_t open() const { return tickets_.size(); }
    void set_time_to_live(Seconds time_to_live) { time_to_live_ = time_to_live; }

  private:
    struct Entry {
        TicketHolder holder;
        std::int64_t until_us = 0;  // steady time
    };
    const Clock& clock_;
    Seconds time_to_live_;
    BoundedTable<Entry> tickets_;
};

}  // namespace ekiden::authd
