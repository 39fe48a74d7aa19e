// Keywords that need no question: permit, reject, defer, and what the session itself knows.
#include "common/smtp/restrictions/restriction.h"
#include "common/smtp/sender_owner.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

Decision permit(Evaluation&, const std::string&) { return Decision::permit(); }

Decision reject(Evaluation& e, const std::string&) {
    return Decision::refuse(
        {e.codes.reject, (e.codes.reject < 500 ? "4.7.1 " : "5.7.1 ") + e.refusal("Access denied")});
}

Decision defer(Evaluation& e, const std::string&) {
    return Decision::refuse(
        {e.codes.defer, (e.codes.defer < 500 ? "4.7.1 " : "5.7.1 ") + e.refusal("Try again later")});
}

Decision permit_mynetworks(Evaluation& e, const std::string&) {
    return e.facts.trusted_network ? Decision::permit() : Decision::next();
}

Decision permit_sasl_authenticated(Evaluation& e, const std::string&) {
    return e.facts.login.empty() ? Decision::next() : Decision::permit();
}

Decision reject_plaintext_session(Evaluation& e, const std::string&) {
    if (e.facts.tls) return Decision::next();
    return Decision::refuse({450, "4.7.1 Session encryption is required"});
}

Decision reject_unlisted_recipient(Evaluation& e, const std::string&) {
    if (!e.for_us() || e.verdict->known) return Decision::next();
    return Decision::refuse({e.verdict->code, e.verdict->text});
}

// 553 5.7.1 as Postfix says it.
Task<Decision> reject_authenticated_sender_login_mismatch(Evaluation& e, const std::string&) {
    if (e.facts.login.empty() || !e.facts.transaction || e.facts.transaction->sender.empty())
        co_return Decision::next();
    const std::string sender = e.facts.transaction->sender;
    Result<bool> owned = co_await owns_sender(e.backend, e.codes.sender_login_maps, e.facts.login, sender);
    if (!owned) co_return Decision::refuse({451, "4.3.0 <" + sender + ">: Temporary lookup failure"});
    if (*owned) co_return Decision::next();
    std::string text = "5.7.1 <" + sender + ">: Sender address rejected: not owned by user " + e.facts.login;
    co_return Decision::refuse({553, std::move(text)});
}

constexpr Keyword table[] = {
    {.name = "permit", .permits_all = true, .at_once = permit},
    {.name = "reject", .closes_relay = true, .at_once = reject},
    {.name = "defer", .closes_relay = true, .at_once = defer},
    {.name = "permit_mynetworks", .at_once = permit_mynetworks},
    {.name = "permit_sasl_authenticated", .at_once = permit_sasl_authenticated},
    {.name = "reject_plaintext_session", .at_once = reject_plaintext_session},
    {.name = "reject_unlisted_recipient", .needs_recipient = true, .at_once = reject_unlisted_recipient},
    {.name = "reject_authenticated_sender_login_mismatch",
     .asking = reject_authenticated_sender_login_mismatch},
};

}  // namespace

std::span<const Keyword> generic_keywords() { return table; }

}  // namespace ekiden::smtp
