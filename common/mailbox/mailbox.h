#pragma once
// A mailbox as POP3 serves it, whatever it is on disk: a fixed list of the messages that were there when it
// was opened, in a stable order, with their sizes on the wire and unique ids. Other programs may add, move
// and remove messages meanwhile; new mail is seen at the next opening. Calls that touch files block, and are
// made one after the other.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/mailbox/mbox_lock.h"
#include "common/mailbox/session_lock.h"

namespace ekiden::mailbox {

// A message that is being read. It lives no longer than its mailbox.
class OpenMessage {
  public:
    virtual ~OpenMessage() = default;
    // Reads on from an offset in the message's octets as they are stored, with LF or CRLF. How many it were;
    // fewer than there was room for: the message ends there. not_found when another program removed it.
    virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
};

class Mailbox {
  public:
    virtual ~Mailbox() = default;
    virtual std::size_t count() const = 0;
    // Octets with every line ended by CRLF.
    virtual std::uint64_t wire_size(std::size_t index) const = 0;
    // Unique in the mailbox, the same in every session (RFC 1939 §7).
    virtual std::string unique_id(std::size_t index) const = 0;
    // not_found when another program removed it.
    virtual Result<std::unique_ptr<OpenMessage>> open_message(std::size_t index) = 0;
    // Removes messages for good; one that is already gone is no error. `denied`: another program has the
    // mailbox locked, nothing was removed, and another try soon may do.
    virtual Result<> remove(const std::vector<std::size_t>& indices) = 0;
};

// The mailbox of one session, and its right to it.
struct OpenedMailbox {
    SessionLock lock;
    std::shared_ptr<Mailbox> mailbox;
};

struct OpeningSettings {
    std::size_t most = 1'000'000;  // messages past that are left out
    MboxLocking locking;           // one attempt is made, whatever it says
};

// Opens the mailbox at `path` below `mail_root` (a borrowed descriptor that outlives it): a Maildir where the
// path ends with '/', else an mbox. What is missing is an empty mailbox. `denied`: another session has it, or
// another program has locked it.
Result<OpenedMailbox> open_mailbox(int mail_root, const std::string& path, const OpeningSettings& settings);

}  // namespace ekiden::mailbox
