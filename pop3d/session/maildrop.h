#pragma once
// The maildrop of one session (RFC 1939 §5): the messages that were there at login, numbered from 1, and the
// marks of DELE. Marks are only kept here; Session removes the messages at QUIT. No I/O.
#include <cstdint>
#include <memory>
#include <vector>

#include "common/mailbox/mailbox.h"

namespace ekiden::pop3d {

class Maildrop {
  public:
    // Shared with the jobs on the thread pool, which may outlive the session.
    explicit Maildrop(std::shared_ptr<mailbox::Mailbox> mailbox);

    const std::shared_ptr<mailbox::Mailbox>& mailbox() const { return mailbox_; }
    // Highest message number, deleted ones included.
    std::uint32_t last() const { return static_cast<std::uint32_t>(mailbox_->count()); }
    // How many messages are not marked, and their octets on the wire (STAT).
    std::uint32_t live_count() const { return last() - static_cast<std::uint32_t>(marked_count_); }
    std::uint64_t live_octets() const { return live_octets_; }

    // Does that number name a message that is not marked?
    bool live(std::uint32_t number) const { return number >= 1 && number <= last() && !marked_[number - 1]; }
    // These three want a live number.
    std::uint64_t octets(std::uint32_t number) const { return mailbox_->wire_size(number - 1); }
    std::string unique_id(std::uint32_t number) const { return mailbox_->unique_id(number - 1); }
    void mark(std::uint32_t number);
    // RSET
    void unmark_all();
    // Indices in the mailbox of what QUIT removes.
    std::vector<std::size_t> marked() const;

  private:
    std::shared_ptr<mailbox::Mailbox> mailbox_;
    std::vector<bool> marked_;
    std::size_t marked_count_ = 0;
    std::uint64_t live_octets_ = 0;
};

}  // namespace ekiden::pop3d
