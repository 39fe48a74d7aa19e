#pragma once
// What a server session knows of its client and of the transaction under way. The session writes it; policies
// and restrictions read it.
#include <optional>
#include <string>
#include <vector>

#include "common/ipc/messages/queue.h"
#include "common/mail/received.h"
#include "common/net/address.h"
#include "common/smtp/command.h"

namespace ekiden::smtp {

// From MAIL to the end of DATA or to RSET (RFC 5321 §4.1.1).
struct MailTransaction {
    Mail mail;
    std::string sender;  // as printed by mail/address.h; empty: the null sender
    std::vector<ipc::EnvelopeRecipient> recipients;
    unsigned refused_recipients = 0;
    std::string queue_id;      // from DATA on
    std::string grant_user;    // whose POP-before-SMTP grant let a recipient through
    std::string extra_header;  // PREPEND of an access table: whole lines with CRLF
    std::int64_t begun = 0;    // steady microseconds
};

struct Facts {
    std::string session;  // id for the log
    std::string service;  // "smtp", "submission"
    net::IpAddress address;
    std::string address_text;              // "192.0.2.1"
    std::string client_name = "unknown";   // confirmed by a forward lookup
    std::string reverse_name = "unknown";  // what PTR says, confirmed or not
    bool trusted_network = false;          // in mynetworks
    std::string helo;                      // empty before HELO
    bool extended = false;                 // EHLO, not HELO
    std::optional<mail::ReceivedTls> tls;
    std::string login;        // canonical user name, empty without AUTH
    std::string sasl_method;  // "PLAIN"
    std::optional<MailTransaction> transaction;

    // "name[address]", as replies and restrictions name the client.
    std::string label() const { return client_name + "[" + address_text + "]"; }
    // The "with" of Received: (RFC 3848): SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA.
    std::string protocol() const {
        if (!extended) return "SMTP";
        return std::string("ESMTP") + (tls ? "S" : "") + (login.empty() ? "" : "A");
    }
};

}  // namespace ekiden::smtp
