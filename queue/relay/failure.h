#pragma once
// Why a delivery did not happen, in the words that go into the log line, the bounce and the queue listing.
#include <string>

#include "common/dns/mx.h"
#include "common/net/stream.h"
#include "common/smtp/client.h"

namespace ekiden::relay {

struct Failure {
    bool permanent = false;
    std::string dsn;             // "4.4.1"
    std::string text;            // "connect to mx.example[192.0.2.1]:25: Connection refused"
    std::string relay = "none";  // with whom: "mx.example[192.0.2.1]:25"
    std::string remote_mta;      // for the DSN, where somebody answered
    std::string remote_reply;
    bool no_contact = false;  // nobody was reached or wanted to talk: other mail need not be tried now
};

// "mx.example[192.0.2.1]" and "mx.example[192.0.2.1]:25"
std::string print(const dns::MailTarget& target);
std::string print(const dns::MailTarget& target, std::uint16_t port);

// The status of a reply: its own enhanced code, or class.0.0.
std::string status_of(const smtp::Reply& reply);
// "host mx.example[192.0.2.1] said: 550 … (in reply to RCPT TO command)"
Failure said(const dns::MailTarget& target, const smtp::Verdict& verdict);
// "host … refused to talk to me: 554 …"; never permanent, for another host may be friendlier.
Failure refused_to_talk(const dns::MailTarget& target, const smtp::Reply& reply);
// "lost connection with … while …", "conversation with … timed out while …"
Failure lost(const dns::MailTarget& target, const net::Closed& closed, smtp::Stage stage);
// "Host or domain name not found. Name service error for name=… type=…: Host not found"
Failure no_such_host(const std::string& name, dns::Type type);
// The same with "try again": DNS did not answer.
Failure dns_failed(const std::string& name, dns::Type type);
Failure loops_back(const std::string& domain);
Failure null_mx(const std::string& domain);

}  // namespace ekiden::relay
