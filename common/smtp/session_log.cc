// Log lines in Postfix's form (pflogsumm, fail2ban and eyes parse them).
#include <fmt/format.h>

#include "common/log/events.h"
#include "common/smtp/session.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {

// "NOQUEUE: reject: RCPT from host[ip]: 550 5.7.1 …; from=<a> to=<b> proto=ESMTP helo=<h>"
void Session::log_refusal(std::string_view stage, const Reply& reply, std::string_view recipient) {
    const std::string sender = facts_.transaction ? facts_.transaction->sender : std::string();
    log::emit(events::smtpd_reject, log_id(), stage, facts_.client_name, facts_.address_text,
              reply.one_line(), log_context(recipient), sender, recipient, facts_.session);
}

// The line of a refusal with another verb: "NOQUEUE: reject_warning: RCPT from host[ip]: 504 …; from=<a> …".
void Session::log_notes(std::string_view stage, Evaluation& evaluation) {
    const std::string sender = facts_.transaction ? facts_.transaction->sender : std::string();
    for (const Evaluation::Note& note : std::exchange(evaluation.notes, {}))
        log::emit(events::smtpd_restriction_note, log_id(), note.verb, stage, facts_.client_name,
                  facts_.address_text, note.text, log_context(evaluation.recipient), sender,
                  evaluation.recipient, facts_.session);
}

std::string Session::log_id() const {
    const bool queued = facts_.transaction && !facts_.transaction->queue_id.empty();
    return queued ? facts_.transaction->queue_id : "NOQUEUE";
}

// "from=<a> to=<b> proto=ESMTP helo=<h> sasl_username=<u>": what is known by now.
std::string Session::log_context(std::string_view recipient) const {
    std::string context;
    if (facts_.transaction) context += " from=<" + facts_.transaction->sender + ">";
    if (!recipient.empty()) context += fmt::format(" to=<{}>", recipient);
    context += " proto=" + facts_.protocol();
    if (!facts_.helo.empty()) context += " helo=<" + facts_.helo + ">";
    if (!facts_.login.empty()) context += " sasl_username=<" + facts_.login + ">";
    return context.substr(1);
}

// Empty but while content is read: Postfix's "lost connection after DATA (20 bytes)".
std::string Session::content_octets() const {
    return content_octets_ ? std::to_string(*content_octets_) : std::string();
}

void Session::log_trouble(std::string_view service, const Error& error) {
    log::emit(events::smtpd_peer_trouble, service, error.text, facts_.session);
}

void Session::log_pipelining() {
    log::emit(events::smtpd_pipelining, stage_, facts_.client_name, facts_.address_text,
              text::printable(stream_.buffered(), 100), facts_.session);
}

// "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4": good of all, where they differ; "commands=0/0" without any.
std::string Session::counts() const {
    static constexpr Verb order[] = {Verb::helo, Verb::ehlo, Verb::starttls, Verb::auth,   Verb::mail,
                                     Verb::rcpt, Verb::data, Verb::rset,     Verb::noop,   Verb::vrfy,
                                     Verb::expn, Verb::help, Verb::quit,     Verb::unknown};
    std::string out;
    auto add = [&out](std::string_view name, const Count& count) {
        out += count.good == count.all && count.all != 0
                   ? fmt::format(" {}={}", name, count.all)
                   : fmt::format(" {}={}/{}", name, count.good, count.all);
    };
    Count total;
    for (Verb verb : order) {
        const Count& count = counts_[static_cast<std::size_t>(verb)];
        if (count.all == 0) continue;
        add(name_of(verb), count);
        total.good += count.good;
        total.all += count.all;
    }
    add("commands", total);
    if (bare_lf_) out += " notes=bare_lf";
    return out;
}

void Session::log_disconnect() {
    log::emit(events::smtpd_disconnect, facts_.client_name, facts_.address_text, counts().substr(1),
              facts_.session);
}

}  // namespace ekiden::smtp
