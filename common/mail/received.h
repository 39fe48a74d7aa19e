#pragma once
// The Received: field that this host puts on top of a message (RFC 5321 §4.4), in the form that log and trace
// tools know from Postfix. Everything that a client chose (HELO name, login, recipient) is made harmless: it
// cannot end the field, close a comment or open another.
#include <cstdint>
#include <optional>
#include <string>

namespace ekiden::mail {

struct ReceivedTls {
    std::string protocol;  // "TLSv1.3"
    std::string cipher;    // "TLS_AES_256_GCM_SHA384"
    int used_bits = 0;
    int algorithm_bits = 0;
};

struct Received {
    std::string helo;            // what the client called itself; empty: the address stands in its place
    std::string client_name;     // confirmed by forward lookup, else "unknown"
    std::string client_address;  // "192.0.2.1" or "2001:db8::1", without brackets
    std::optional<ReceivedTls> tls;
    std::string sasl_user;        // shown as "(Authenticated sender: …)"; empty: not shown
    std::string pop_before_smtp;  // whose grant let this message relay; empty: none did
    std::string by;               // myhostname
    std::string mail_name = "Ekiden";
    std::string protocol;  // SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, …
    std::string queue_id;  // empty: not yet known, the clause is left out
    std::string
        recipient;  // only when there is exactly one (a second would be told of a blind copy); else empty
    std::int64_t utc_seconds = 0;
};

// The whole field in wire form: folded lines, each ended by CRLF, none longer than 998 octets.
std::string received_field(const Received& received);

// The field of a message that a local program handed in: "by HOST (Ekiden, from userid 1000) id …; date".
std::string received_from_user(const std::string& by, const std::string& mail_name, unsigned user_id,
                               const std::string& queue_id, std::int64_t utc_seconds);

}  // namespace ekiden::mail
