#include "queue/relay/failure.h"

#include <fmt/format.h>

#include "common/text/ascii.h"

namespace ekiden::relay {

std::string print(const dns::MailTarget& target) {
    return fmt::format("{}[{}]", target.host, target.address.print());
}

std::string print(const dns::MailTarget& target, std::uint16_t port) {
    return fmt::format("{}[{}]:{}", target.host, target.address.print(), port);
}

std::string status_of(const smtp::Reply& reply) {
    if (auto own = reply.enhanced()) return own->print();
    return reply.permanent() ? "5.0.0" : reply.temporary() ? "4.0.0" : "2.0.0";
}

Failure said(const dns::MailTarget& target, const smtp::Verdict& verdict) {
    Failure failure;
    failure.permanent = verdict.reply.permanent();
    failure.remote_mta = target.host;
    failure.remote_reply = text::printable(verdict.reply.one_line(), 2000);
    if (verdict.reply.positive()) {
        // A 2xx or 3xx where the dialogue has no use for it.
        failure.dsn = "4.5.0";
        failure.remote_reply = {};
        failure.text = fmt::format("host {} said something unexpected: {}", print(target),
                                   text::printable(verdict.reply.one_line(), 500));
        return failure;
    }
    failure.dsn = status_of(verdict.reply);
    failure.text = fmt::format("host {} said: {} (in reply to {})", print(target), failure.remote_reply,
                               smtp::command_of(verdict.stage));
    return failure;
}

Failure refused_to_talk(const dns::MailTarget& target, const smtp::Reply& reply) {
    Failure failure;
    failure.remote_mta = target.host;
    failure.remote_reply = text::printable(reply.one_line(), 2000);
    failure.dsn = reply.temporary() ? status_of(reply) : "4.0.0";
    failure.text = fmt::format("host {} refused to talk to me: {}", print(target), failure.remote_reply);
    failure.no_contact = true;
    return failure;
}

Failure lost(const dns::MailTarget& target, const net::Closed& closed, smtp::Stage stage) {
    Failure failure;
    failure.dsn = "4.4.2";
    failure.remote_mta = target.host;
    if (closed.why == net::Closed::Why::timeout)
        failure.text =
            fmt::format("conversation with {} timed out while {}", print(target), smtp::doing(stage));
    else if (closed.why == net::Closed::Why::peer)
        failure.text = fmt::format("lost connection with {} while {}", print(target), smtp::doing(stage));
    else
        failure.text = fmt::format("conversation with {} failed while {}: {}", print(target),
                                   smtp::doing(stage), text::printable(closed.text, 300));
    failure.no_contact = stage == smtp::Stage::greeting || stage == smtp::Stage::hello;
    return failure;
}

Failure no_such_host(const std::string& name, dns::Type type) {
    Failure failure;
    failure.permanent = true;
    failure.dsn = "5.4.4";
    failure.text =
        fmt::format("Host or domain name not found. Name service error for name={} type={}: Host not found",
                    name, dns::type_name(type));
    return failure;
}

Failure dns_failed(const std::string& name, dns::Type type) {
    Failure failure = no_such_host(name, type);
    failure.permanent = false;
    failure.dsn = "4.4.3";
    failure.text += ", try again";
    failure.no_contact = true;
    return failure;
}

Failure loops_back(const std::string& domain) {
    Failure failure;
    failure.permanent = true;
    failure.dsn = "5.4.6";
    failure.text = fmt::format("mail for {} loops back to myself", domain);
    return failure;
}

Failure null_mx(const std::string& domain) {
    // RFC 7505 §4.2: 556 with 5.1.10.
    Failure failure;
    failure.permanent = true;
    failure.dsn = "5.1.10";
    failure.text = fmt::format("556 5.1.10 Domain {} does not accept mail (nullMX)", domain);
    return failure;
}

}  // namespace ekiden::relay
