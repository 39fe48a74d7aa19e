// Keywords that need no question: permit, reject, defer, and what the session itself knows.
#include "common/smtp/restrictions/restriction.h"
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

// Does this sender belong to the login? 553 5.7.1 as Postfix says it.
Task<Decision> owner_check(Evaluation& e) {
    ipc::CheckSenderOwner question{e.facts.login,
                                   e.facts.transaction ? e.facts.transaction->sender : std::string()};
    Result<ipc::SenderVerdict> verdict = co_await e.backend.ask(std::move(question));
    if (!verdict) co_return Decision::refuse({451, "4.3.0 Temporary lookup failure"});
    if (verdict->owned) co_return Decision::next();
    std::string text = "5.7.1 <" + e.facts.transaction->sender +
                       ">: Sender address rejected: not owned by user " + e.facts.login;
    co_return Decision::refuse({553, std::move(text)});
}

Task<Decision> reject_authenticated_sender_login_mismatch(Evaluation& e, const std::string&) {
    if (e.facts.login.empty() || !e.facts.transaction || e.facts.transaction->sender.empty())
        co_return Decision::next();
    Decision decision = co_await owner_check(e);
    co_return decision;
}

constexpr Keyword table[] = {
    {.name = "permit", .at_once = permit},
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
