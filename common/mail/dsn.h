#pragma once
// Delivery status notifications (RFC 3464 in the multipart/report of RFC 3462/6522): what the sender of a
// message reads when it could not be delivered, or not yet. Built in memory from plain values in the shape
// that bounce parsers know from Postfix. Whoever calls this sends the result with the null sender, and never
// for a message that has it itself.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::mail {

enum class DsnKind {
    failure,  // Action: failed
    delay,    // Action: delayed; the message stays queued
    report,   // what became of each recipient, or would: Action as each of them says
};

// One recipient's fate.
struct DsnRecipient {
    std::string recipient;           // the address that was tried
    std::string original_recipient;  // before aliases; empty when the same
    std::string status;              // "5.1.1" (RFC 3463)
    std::string remote_mta;          // the host that answered; empty when this house itself decided
    std::string diagnostic;          // that host's reply ("550 5.1.1 no such user"), or our own reason
    std::string reason;              // for people: "host mx.example[192.0.2.1] said: 550 …"
    std::int64_t last_attempt = 0;   // UTC seconds; 0: not shown
    std::string action = {};         // report: "delivered", "relayed", "deliverable", …
    std::string via = {};            // report: by whom, "local", "mx.example[192.0.2.1]:25"; empty: nobody
    std::string original_type = {};  // "utf-8", as ORCPT named it; empty: as of the other addresses
    bool own_words = false;          // our own reason, though a host was spoken to
};

struct Dsn {
    DsnKind kind = DsnKind::failure;
    std::string hostname;  // Reporting-MTA, and the host of boundary and Message-ID
    std::string mail_name = "Ekiden";
    std::string from;  // "MAILER-DAEMON (Mail Delivery System)"; hostname is added
    std::string subject;
    std::string text;                   // for people, lines with LF; what happened to each recipient follows
    std::string charset = "us-ascii";   // of the text; utf-8 is said where that is not enough
    std::string sender;                 // whom it goes to; also X-…-Sender
    std::string queue_id;               // of the message that failed
    std::string envelope_id;            // ENVID of RFC 3461, already decoded; empty when none
    std::string notice_id;              // unique name of this notice, for boundary and Message-ID
    std::int64_t arrival = 0;           // UTC seconds
    std::int64_t now = 0;               // UTC seconds
    std::int64_t will_retry_until = 0;  // for delay: when the message will be given up
    std::vector<DsnRecipient> recipients;
    std::string_view original;       // content in wire form: all of it, or at least its header
    bool original_is_whole = true;   // false: only the header was read
    std::size_t size_limit = 50000;  // bounce_size_limit: a longer original comes back as its header only
};

// The notice in wire form, without Received: field. Lines that this code writes stay below 998 octets.
std::string print_dsn(const Dsn& dsn);

}  // namespace ekiden::mail
