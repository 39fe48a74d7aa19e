#pragma once
// A message as the manager knows it: envelope, recipients with their state, what the receiving service noted
// about the content. Plain values that travel between the event loop and the spool's thread; their form on
// disk is docs/queue-states.md.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ipc/messages/queue.h"
#include "common/ipc/messages/router.h"
#include "common/text/queue_id.h"

namespace ekiden::queue {

using Sequence = std::int64_t;

enum class RecipientState : std::int64_t {
    waiting = 0,  // to be delivered, perhaps again
    done = 1,     // delivered, expanded into others, or its failure was reported
    failed = 2,   // failed for good and not yet reported to the sender
};

// RFC 3461 4.1: when the sender wants to hear. With none of the bits set the default holds: failure (and
// delay).
namespace notify {
inline constexpr std::int64_t never = 1, success = 2, failure = 4, delay = 8;
}

struct Recipient {
    std::int64_t number = 0;  // its place in the message; never re-used, part of a delivery's identity
    std::string address;
    std::string original;  // as the client named it, where expansion changed it; else empty
    // What aliases and .forward files may make of it, and nothing else: a command or a file is no address.
    ipc::Destination destination = ipc::Destination::address;
    std::string target;  // of a command, file or include
    std::string user;    // whose mailbox, or with whose rights; empty: default_privs
    RecipientState state = RecipientState::waiting;
    bool resolved = false;  // came out of alias expansion
    std::int64_t notify = 0;
    std::string orcpt;
    std::string status;  // enhanced status code of the last attempt, "4.4.1"; empty before the first
    std::string reason;  // text of the last attempt
    std::string remote;  // the remote host that said it; empty when it was our own
    std::string reply;   // that host's own words, "550 5.1.1 no such user"; empty likewise
    // For a report: by whom it was tried ("local", "mx.example[192.0.2.1]:25"), and what was done with
    // success
    // ("delivered", "relayed", "deliverable"); empty where the report does not name this recipient as done.
    std::string relay;
    std::string action;
};

enum class Kind : std::int64_t {
    mail = 0,
    notice = 1,  // we wrote it: it never makes another notice to a sender
};

// What a notice tells of.
enum class NoticeKind { failure, delay, report };

// dsn_return: RFC 3461 4.3.
enum class DsnReturn : std::int64_t { unspecified = 0, full = 1, headers = 2 };

struct Envelope {
    std::int64_t arrived_us = 0;  // UTC; the queue id's time is when the id was set aside, a little earlier
    std::string sender;           // empty: the null reverse-path
    std::string message_id;
    std::string envelope_id;
    DsnReturn dsn_return = DsnReturn::unspecified;
    std::int64_t size = 0;  // octets in wire form
    bool eight_bit = false;
    bool leading_dot = false;       // a line begins with a dot
    std::int64_t line_ends = 0;     // CRLFs
    std::int64_t longest_line = 0;  // octets without CRLF
    std::int64_t header_size = 0;   // octets up to and with the empty line
    std::string client;             // name; what the log and the Received: line say
    std::string client_address;
    std::string helo;
    std::string protocol;                   // SMTP, ESMTP, ESMTPSA …
    std::string login;                      // SASL login
    std::string grant;                      // the user whose POP-before-SMTP grant opened the relay
    ipc::Trace trace = ipc::Trace::none;    // the report that is still owed to the sender
    std::vector<std::string> delivered_to;  // what it has been through, for the detection of loops
};

// What is inserted by one acceptance. Small content is shared with the scheduler's cache; it never changes.
struct NewMessage {
    text::QueueId id;
    Kind kind = Kind::mail;
    NoticeKind notice = NoticeKind::failure;  // of a notice; for the log, not kept
    bool hold = false;
    std::int64_t next_attempt = 0;  // seconds UTC; 0: fresh, its receiver has it in memory at once
    Envelope envelope;
    std::vector<Recipient> recipients;
    bool in_file = false;                        // content/ID holds the content
    std::shared_ptr<const std::string> content;  // otherwise
    // A forwarded message is `top` followed by the content of another one, that stands in a file.
    std::optional<text::QueueId> copy_of;
    std::string top;
    // The maildrop file that it came from, and which of the messages of that file it is; empty: none. Two
    // with the same are one.
    std::string drop;
    std::int64_t drop_part = 0;
};

// A message as loaded from the spool.
struct StoredMessage {
    text::QueueId id;
    Kind kind = Kind::mail;
    bool hold = false;
    bool expire = false;  // an operator wants it returned at its next pass
    bool warned = false;
    std::int64_t next_attempt = 0;
    std::int64_t age = 0;   // seconds, as counted at `seen`
    std::int64_t seen = 0;  // seconds UTC
    std::int64_t attempts = 0;
    bool in_file = false;
    Envelope envelope;
    std::vector<Recipient> recipients;
};

}  // namespace ekiden::queue
