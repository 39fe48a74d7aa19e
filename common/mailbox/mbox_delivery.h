#pragma once
// Delivery of one message into an mbox, as the user that this process is: appended under all locks
// (mbox_lock.h), flushed before it counts. It blocks.
//
// What holds after a crash at any instant: the octets that were there before are untouched; of the new entry
// there is all, nothing, or a beginning. The next delivery of any message begins after an empty line, so that
// no two messages run together. The next attempt of the same message finds a whole copy and delivers nothing,
// or takes a torn one away if nothing stands behind it. docs/mailbox-format.md has the cases.
#include <fcntl.h>

#include <cstdint>
#include <string>

#include "common/mailbox/content.h"
#include "common/mailbox/fate.h"
#include "common/mailbox/mbox_lock.h"

namespace ekiden::mailbox {

struct MboxDelivery {
    int directory = AT_FDCWD;          // borrowed; where `path` starts, unless it is absolute
    std::string path;                  // of the file
    std::string sender;                // for the "From " line; "": MAILER-DAEMON
    std::int64_t arrival_seconds = 0;  // UTC, for the "From " line; the same at each attempt
    std::string added_header;          // Return-Path, Delivered-To …, wire form; the same at each attempt
    Content content;                   // wire form
    std::uint64_t content_size = 0;    // octets of it
    std::uint64_t message_limit = 0;   // octets of one message; 0: none
    std::uint64_t mailbox_limit = 0;   // octets of the file (mailbox_size_limit); 0: none
    bool first_attempt = false;        // sure that no earlier attempt was made: do not look for its copy
    bool flush = true;
    bool make_directories = false;  // those above the file that are missing, mode 0700
    bool any_owner = false;         // a file of somebody else will do (destinations of aliases)
    bool null_device = false;       // /dev/null takes everything (destinations of aliases)
    MboxLocking locking;
    std::string success = "delivered to mailbox";  // what log and DSN say
};

struct MboxOutcome {
    Fate fate = Fate::deferred;
    std::string dsn;   // "2.0.0", "4.2.0", "5.2.2" (RFC 3463)
    std::string text;  // for log and DSN
    bool found_earlier = false;
    bool locked = false;  // deferred because another program had the lock: another try soon may do
};

MboxOutcome deliver(const MboxDelivery& order);

}  // namespace ekiden::mailbox
