// Who may send through us to somewhere else.
#include "common/smtp/restrictions/restriction.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

// user%other@relay.example, host!user@… and the like would have an inner host relay for a stranger.
bool routed_by_sender(const Evaluation& e) {
    if (e.codes.untrusted_routing || e.verdict->address_class != ipc::AddressClass::relay) return false;
    std::string_view local = std::string_view(e.recipient).substr(0, e.recipient.rfind('@'));
    return local.find_first_of("@%!") != std::string_view::npos;
}

bool may_pass(const Evaluation& e) { return e.for_us() && !routed_by_sender(e); }

Decision deny(const Evaluation& e, int code) {
    return Decision::refuse({code, (code < 500 ? "4.7.1 <" : "5.7.1 <") + e.recipient +
                                       ">: Relaying denied (authentication required)"});
}

Decision reject_unauth_destination(Evaluation& e, const std::string&) {
    return may_pass(e) ? Decision::next() : deny(e, e.codes.relay_denied);
}

Decision defer_unauth_destination(Evaluation& e, const std::string&) {
    return may_pass(e) ? Decision::next() : deny(e, 454);
}

Decision permit_auth_destination(Evaluation& e, const std::string&) {
    return may_pass(e) ? Decision::permit() : Decision::next();
}

// POP before SMTP: somebody logged in from this address a short while ago. Mail for us needs no grant where
// the list goes on with nothing but the relay check: asking would only use up the grant's recipients.
Task<Decision> permit_pop_before_smtp(Evaluation& e, const std::string&) {
    if (e.last_but_relay_check && may_pass(e)) co_return Decision::next();
    if (!e.grant_user.empty()) co_return Decision::permit();
    if (e.grant_asked || !e.facts.transaction) co_return Decision::next();
    e.grant_asked = true;
    ipc::CheckGrant question{e.facts.address_text, e.facts.transaction->sender};
    Result<ipc::GrantVerdict> grant = co_await e.backend.ask(std::move(question));
    if (!grant) co_return Decision::refuse({451, "4.3.0 <" + e.recipient + ">: Temporary lookup failure"});
    if (grant->granted) {
        e.grant_user = grant->user;
        co_return Decision::permit();
    }
    if (grant->over_limit)
        co_return Decision::refuse(
            {450, "4.7.1 <" + e.recipient +
                      ">: Relaying denied: the recipients that your POP login allows are used up"});
    co_return Decision::next();
}

constexpr Keyword table[] = {
    {.name = "reject_unauth_destination",
     .closes_relay = true,
     .relay_check = true,
     .needs_recipient = true,
     .at_once = reject_unauth_destination},
    {.name = "defer_unauth_destination",
     .closes_relay = true,
     .relay_check = true,
     .needs_recipient = true,
     .at_once = defer_unauth_destination},
    {.name = "permit_auth_destination", .needs_recipient = true, .at_once = permit_auth_destination},
    {.name = "permit_pop_before_smtp", .asking = permit_pop_before_smtp},
};

}  // namespace

std::span<const Keyword> relay_keywords() { return table; }

}  // namespace ekiden::smtp
