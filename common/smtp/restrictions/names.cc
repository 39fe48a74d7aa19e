// Keywords about the form of names and addresses, and about what DNS says of them.
#include "common/mail/address.h"
#include "common/smtp/restrictions/restriction.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

std::string_view domain_of(std::string_view address) {
    std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// A name with a dot, or an address literal.
bool fully_qualified(std::string_view name) {
    if (name.starts_with('[')) return mail::valid_address_literal(name);
    return name.find('.') != std::string_view::npos && mail::valid_domain(name);
}

Decision reject_non_fqdn_sender(Evaluation& e, const std::string&) {
    if (!e.facts.transaction || e.facts.transaction->sender.empty()) return Decision::next();
    if (fully_qualified(domain_of(e.facts.transaction->sender))) return Decision::next();
    return Decision::refuse({504, "5.5.2 <" + e.facts.transaction->sender +
                                      ">: Sender address rejected: need fully-qualified address"});
}

Decision reject_non_fqdn_recipient(Evaluation& e, const std::string&) {
    if (fully_qualified(domain_of(e.recipient))) return Decision::next();
    return Decision::refuse(
        {504, "5.5.2 <" + e.recipient + ">: Recipient address rejected: need fully-qualified address"});
}

Decision reject_invalid_helo_hostname(Evaluation& e, const std::string&) {
    const std::string& helo = e.facts.helo;
    bool valid = helo.starts_with('[') ? mail::valid_address_literal(helo) : mail::valid_domain(helo);
    if (helo.empty() || valid) return Decision::next();
    return Decision::refuse({501, "5.5.2 <" + helo + ">: Helo command rejected: Invalid name"});
}

Decision reject_non_fqdn_helo_hostname(Evaluation& e, const std::string&) {
    if (e.facts.helo.empty() || fully_qualified(e.facts.helo)) return Decision::next();
    return Decision::refuse(
        {504, "5.5.2 <" + e.facts.helo + ">: Helo command rejected: need fully-qualified hostname"});
}

Decision reject_unknown_client_hostname(Evaluation& e, const std::string&) {
    if (e.facts.client_name != "unknown") return Decision::next();
    return Decision::refuse(
        {450, "4.7.25 Client host rejected: cannot find your hostname, [" + e.facts.address_text + "]"});
}

Decision reject_unknown_reverse_client_hostname(Evaluation& e, const std::string&) {
    if (e.facts.reverse_name != "unknown") return Decision::next();
    return Decision::refuse({450, "4.7.25 Client host rejected: cannot find your reverse hostname, [" +
                                      e.facts.address_text + "]"});
}

enum class Mailable { yes, no, unsure };

// Has the domain an MX, or an address to send to in its place? RFC 7505: a null MX says no.
Task<Mailable> takes_mail(Backend& backend, std::string domain) {
    bool unsure = false;
    for (ipc::DnsType type : {ipc::DnsType::mx, ipc::DnsType::a, ipc::DnsType::aaaa}) {
        ipc::DnsQuery query{domain, type};
        Result<ipc::DnsAnswer> answer = co_await backend.ask(std::move(query));
        if (!answer || answer->status == ipc::DnsStatus::failed) {
            unsure = true;
            continue;
        }
        if (answer->status != ipc::DnsStatus::ok) continue;
        bool null_mx = type == ipc::DnsType::mx && answer->records.size() == 1 &&
                       answer->records[0].size() == 3 && answer->records[0][2] == '\0';
        co_return null_mx ? Mailable::no : Mailable::yes;
    }
    co_return unsure ? Mailable::unsure : Mailable::no;
}

Task<Decision> unknown_domain(Evaluation& e, std::string address, bool sender) {
    std::string domain(domain_of(address));
    if (domain.empty() || domain.starts_with('[')) co_return Decision::next();
    Mailable mailable = co_await takes_mail(e.backend, domain);
    if (mailable == Mailable::yes) co_return Decision::next();
    std::string status = sender ? "4.1.8 <" : "4.1.2 <";
    std::string subject = sender ? ">: Sender address rejected: Domain not found"
                                 : ">: Recipient address rejected: Domain not found";
    if (mailable == Mailable::unsure) status[2] = '4', status[4] = '3';
    co_return Decision::refuse({450, status + address + subject});
}

Task<Decision> reject_unknown_sender_domain(Evaluation& e, const std::string&) {
    if (!e.facts.transaction || e.facts.transaction->sender.empty()) co_return Decision::next();
    Decision decision = co_await unknown_domain(e, e.facts.transaction->sender, true);
    co_return decision;
}

Task<Decision> reject_unknown_recipient_domain(Evaluation& e, const std::string&) {
    if (e.for_us()) co_return Decision::next();
    Decision decision = co_await unknown_domain(e, e.recipient, false);
    co_return decision;
}

constexpr Keyword table[] = {
    {.name = "reject_non_fqdn_sender", .at_once = reject_non_fqdn_sender},
    {.name = "reject_non_fqdn_recipient", .needs_recipient = true, .at_once = reject_non_fqdn_recipient},
    {.name = "reject_invalid_helo_hostname", .at_once = reject_invalid_helo_hostname},
    {.name = "reject_non_fqdn_helo_hostname", .at_once = reject_non_fqdn_helo_hostname},
    {.name = "reject_unknown_client_hostname", .at_once = reject_unknown_client_hostname},
    {.name = "reject_unknown_reverse_client_hostname", .at_once = reject_unknown_reverse_client_hostname},
    {.name = "reject_unknown_sender_domain", .asking = reject_unknown_sender_domain},
    {.name = "reject_unknown_recipient_domain",
     .needs_recipient = true,
     .asking = reject_unknown_recipient_domain},
};

}  // namespace

std::span<const Keyword> name_keywords() { return table; }

}  // namespace ekiden::smtp
