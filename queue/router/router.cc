// The order is Postfix's: virtual aliases for every class first, then transport_maps, then the class's own
// transport, with relayhost for what leaves this host.
#include "queue/router/router.h"

#include <algorithm>

#include "common/mail/address.h"
#include "common/smtp/way.h"
#include "common/text/ascii.h"

namespace ekiden::router {
namespace {

using ipc::Destination;
using ipc::Transport;

std::string domain_of(std::string_view address) {
    return std::string(address.substr(address.rfind('@') + 1));
}

bool has_status(std::string_view text) {
    return text.size() >= 5 && (text[0] == '4' || text[0] == '5') && text[1] == '.' &&
           text::is_digit(text[2]);
}

struct ClassTexts {
    AddressClass address_class;
    std::string_view table;
    const Param<std::int64_t>* code;
};
constexpr ClassTexts class_texts[] = {
    {AddressClass::local, "local recipient table", &param::unknown_local_recipient_reject_code},
    {AddressClass::virtual_alias, "virtual alias table", &param::unknown_virtual_alias_reject_code},
    {AddressClass::virtual_mailbox, "virtual mailbox table", &param::unknown_virtual_mailbox_reject_code},
    {AddressClass::relay, "relay recipient table", &param::unknown_relay_recipient_reject_code}};

}  // namespace

ipc::RecipientVerdict Router::unknown(const std::string& recipient, AddressClass address_class) const {
    const Settings& settings = routing_->settings();
    ipc::RecipientVerdict verdict{address_class, false, 550, ""};
    std::string text = "User unknown";
    for (const ClassTexts& row : class_texts) {
        if (row.address_class != address_class) continue;
        verdict.code = static_cast<std::uint16_t>(settings[*row.code]);
        if (settings[param::show_user_unknown_table_name]) text += " in " + std::string(row.table);
    }
    if (settings[param::soft_bounce] && verdict.code >= 500)
        verdict.code = static_cast<std::uint16_t>(verdict.code - 100);
    verdict.text =
        (verdict.code < 500 ? "4.1.1 <" : "5.1.1 <") + recipient + ">: Recipient address rejected: " + text;
    return verdict;
}

Task<Result<bool>> Router::is_known(std::string address, AddressClass address_class) {
    Result<bool> listed = co_await routing_->is_listed(address, address_class);
    if (!listed || *listed) co_return listed;
    Result<std::optional<List>> targets = co_await routing_->targets_of(address, address_class);
    if (!targets) co_return pass(targets);
    if (*targets) co_return true;
    if (address_class == AddressClass::virtual_alias || address_class == AddressClass::relay) co_return false;
    Result<std::optional<Mailbox>> mailbox = co_await routing_->mailbox_of(address);
    if (!mailbox) co_return pass(mailbox);
    co_return mailbox->has_value();
}

Task<Result<ipc::RecipientVerdict>> Router::verify(ipc::VerifyRecipient question) {
    std::string address = routing_->complete(question.recipient);
    Result<AddressClass> address_class = co_await routing_->class_of(domain_of(address));
    if (!address_class) co_return pass(address_class);
    Result<bool> known = co_await is_known(address, *address_class);
    if (!known) co_return pass(known);
    if (!*known) co_return unknown(question.recipient, *address_class);
    Result<std::optional<std::string>> way = co_await routing_->transport_of(address);
    if (!way) co_return pass(way);
    auto [transport, next_hop] = smtp::split_way(way->value_or(""));
    if (transport == "error") {
        bool status = has_status(next_hop);
        std::string code = status ? next_hop.substr(0, next_hop.find(' ')) : "5.1.1";
        std::string_view text =
            status ? text::trim(std::string_view(next_hop).substr(code.size())) : std::string_view(next_hop);
        std::uint16_t reply = code.starts_with('4') ? 450 : 550;
        co_return ipc::RecipientVerdict{*address_class, false, reply,
                                        code + " <" + question.recipient + ">: Recipient address rejected: " +
                                            (text.empty() ? "User unknown" : std::string(text))};
    }
    co_return ipc::RecipientVerdict{*address_class, true, 250, ""};
}

Task<Result<Router::Way>> Router::way_of(std::string address) {
    const Settings& settings = routing_->settings();
    std::string domain = domain_of(address);
    Result<AddressClass> address_class = co_await routing_->class_of(domain);
    if (!address_class) co_return pass(address_class);
    std::string standard;
    switch (*address_class) {
        case AddressClass::local: standard = settings[param::local_transport]; break;
        case AddressClass::virtual_mailbox: standard = settings[param::virtual_transport]; break;
        case AddressClass::virtual_alias:
            co_return Way{Transport::error, "", "5.1.1 User unknown in virtual alias table"};
        case AddressClass::relay: standard = settings[param::relay_transport]; break;
        case AddressClass::remote: standard = settings[param::default_transport]; break;
    }
    auto [transport, next_hop] = smtp::split_way(standard);
    bool leaves = *address_class == AddressClass::relay || *address_class == AddressClass::remote;
    if (leaves && !settings[param::relayhost].empty()) next_hop = settings[param::relayhost];
    Result<std::optional<std::string>> table = co_await routing_->transport_of(address);
    if (!table) co_return pass(table);
    if (*table) {
        auto [other_transport, other_next_hop] = smtp::split_way(**table);
        // An empty next hop after a transport means the recipient's domain, not the relayhost (transport(5)).
        if (!other_transport.empty()) transport = other_transport, next_hop = other_next_hop;
        if (!other_next_hop.empty()) next_hop = other_next_hop;
    }
    co_return way_to(transport, next_hop, domain);
}

// What is wrong here is the administrator's to mend: the mail waits.
Router::Way Router::way_to(const std::string& transport, const std::string& next_hop,
                           const std::string& domain) {
    Result<smtp::Way> way = smtp::make_way(transport, next_hop);
    if (!way) return Way{Transport::retry, "", "4.3.5 " + way.error().text};
    if (way->transport == Transport::error || way->transport == Transport::retry) {
        std::string text = next_hop.empty() ? "mail for " + domain + " is not delivered" : next_hop;
        if (!has_status(text)) text = (way->transport == Transport::error ? "5.0.0 " : "4.0.0 ") + text;
        return Way{way->transport, "", std::move(text)};
    }
    if (next_hop.empty() && way->transport == Transport::lmtp) return way_to(transport, domain, domain);
    return Way{way->transport, next_hop.empty() ? domain : way->next_hop, ""};
}

namespace {

void put_off(ipc::ResolvedRecipient& resolved, Transport transport, std::string text) {
    resolved.transport = transport;
    resolved.next_hop.clear();
    resolved.text = std::move(text);
    resolved.destination = Destination::address;
}

void into_mailbox(ipc::ResolvedRecipient& resolved, Mailbox mailbox) {
    resolved.destination = Destination::address;
    resolved.transport = Transport::virtual_mailbox;
    resolved.mailbox = std::move(mailbox.path);
    resolved.uid = mailbox.owner.uid;
    resolved.gid = mailbox.owner.gid;
    resolved.quota = mailbox.quota;
}

std::string unknown_user(std::string_view name) {
    return "5.1.1 unknown user: \"" + std::string(name) + "\"";
}

bool contains(const std::vector<std::string>& addresses, const std::string& address) {
    return std::ranges::any_of(addresses,
                               [&](const auto& one) { return text::equal_ignoring_case(one, address); });
}

}  // namespace

Task<ipc::ResolvedRecipient> Router::resolve_one(Expanded recipient, const ipc::ResolveRecipients& question) {
    ipc::ResolvedRecipient resolved{};
    resolved.address = recipient.address;
    if (!recipient.problem.empty()) {
        put_off(resolved, recipient.problem.starts_with('4') ? Transport::retry : Transport::error,
                recipient.problem);
        co_return resolved;
    }
    resolved.destination = recipient.destination;
    resolved.target = recipient.target;
    resolved.user = recipient.user;
    resolved.forwarded = recipient.forwarded;
    resolved.sender = recipient.sender;
    resolved.transport = Transport::local;
    if (recipient.forwarded || !recipient.target.empty()) co_return resolved;
    Result<Way> way = co_await way_of(recipient.address);
    if (!way) {
        put_off(resolved, Transport::retry, "4.3.0 address lookup failed: " + way.error().text);
        co_return resolved;
    }
    resolved.transport = way->transport;
    resolved.next_hop = way->next_hop;
    resolved.text = way->text;
    bool here = way->transport == Transport::virtual_mailbox || way->transport == Transport::local;
    if (!here) {
        resolved.destination = Destination::address;
        co_return resolved;
    }
    // Mailboxes of accounts are virtual ones, whichever list their domain stands in.
    Result<std::optional<Mailbox>> mailbox = co_await routing_->mailbox_of(recipient.address);
    if (!mailbox)
        put_off(resolved, Transport::retry, "4.3.0 mailbox lookup failed: " + mailbox.error().text);
    else if (*mailbox)
        into_mailbox(resolved, std::move(**mailbox));
    else if (way->transport == Transport::local)
        co_await place_locally(resolved, question);
    else
        put_off(resolved, Transport::error, unknown_user(recipient.address));
    co_return resolved;
}

// A name of this host that is no alias: a user, or nobody.
Task<> Router::place_locally(ipc::ResolvedRecipient& resolved, const ipc::ResolveRecipients& question) {
    Result<LocalMailbox> mailbox = co_await routing_->local_mailbox_of(resolved.address);
    if (!mailbox) {
        put_off(resolved, Transport::retry, "4.3.0 user lookup failed: " + mailbox.error().text);
        co_return;
    }
    bool forward_first = mailbox->exists && resolved.destination == Destination::address;
    resolved.user = mailbox->name;
    if (!mailbox->way.empty() && forward_first) {
        resolved.destination = Destination::forward_file;
    } else if (!mailbox->way.empty()) {
        auto [transport, next_hop] = smtp::split_way(mailbox->way);
        Way way =
            way_to(transport, next_hop.empty() ? resolved.next_hop : next_hop, domain_of(resolved.address));
        resolved.destination = Destination::address;
        resolved.transport = way.transport;
        resolved.next_hop = way.next_hop;
        resolved.text = way.text;
        resolved.user.clear();
        // Neither has a mailbox for it: the one is asking, the other was asked before.
        if (way.transport == Transport::local)
            put_off(resolved, Transport::retry, "4.3.5 " + mailbox->way + " cannot take mail of users over");
        if (way.transport == Transport::virtual_mailbox)
            put_off(resolved, Transport::error, unknown_user(resolved.address));
    } else if (mailbox->exists) {
        resolved.destination = forward_first ? Destination::user : Destination::user_mailbox;
        resolved.command = mailbox->command;
    } else if (contains(question.delivered_to, resolved.address)) {
        put_off(resolved, Transport::error, "5.4.6 mail forwarding loop for " + resolved.address);
    } else if (mailbox->luser_relay.empty() ||
               text::equal_ignoring_case(mailbox->luser_relay, resolved.address)) {
        put_off(resolved, Transport::error, unknown_user(mailbox->name));
    } else if (!mail::parse_mailbox(mailbox->luser_relay, true)) {
        put_off(resolved, Transport::retry,
                "4.3.5 luser_relay is no address: " + text::printable(mailbox->luser_relay, 100));
    } else {
        resolved.address = mailbox->luser_relay;
        resolved.destination = Destination::address;
        resolved.user.clear();
        resolved.forwarded = true;
        resolved.sender = question.sender;
    }
}

// An answer is one message: what is over the first half of its limit leaves room for one more expansion.
constexpr std::size_t answer_limit = ipc::limits::payload / 2;
constexpr std::size_t fixed_part = 60;  // of a recipient, in octets at most

// A user's own mailbox is not looked for in aliases again.
Task<Result<std::vector<Expanded>>> Router::look_up(const ipc::ResolveRecipients& question,
                                                    std::size_t place) {
    std::string address = question.recipients[place];
    if (std::ranges::find(question.mailboxes, place) != question.mailboxes.end())
        co_return std::vector<Expanded>{{std::move(address), "", Destination::user_mailbox}};
    Result<std::vector<Expanded>> expanded =
        co_await expand(std::move(address), question.sender, question.delivered_to);
    co_return expanded;
}

Task<Result<ipc::Resolution>> Router::resolve(ipc::ResolveRecipients question) {
    ipc::Resolution resolution;
    std::size_t octets = 0;
    for (std::size_t i = 0; i < question.recipients.size(); ++i) {
        if (octets > answer_limit) {
            // The others of such a crowd wait for the next attempt.
            ipc::ResolvedRecipient& late = resolution.recipients.emplace_back();
            late.index = static_cast<std::uint32_t>(i);
            late.address = question.recipients[i];
            late.transport = Transport::retry;
            late.text = "4.3.0 too many recipients at once";
            continue;
        }
        Result<std::vector<Expanded>> expanded = co_await look_up(question, i);
        if (!expanded) {
            std::string problem = "4.3.0 alias lookup failed: " + expanded.error().text;
            expanded = std::vector<Expanded>(1);
            expanded->front().address = question.recipients[i];
            expanded->front().problem = std::move(problem);
        }
        for (Expanded& each : *expanded) {
            ipc::ResolvedRecipient resolved = co_await resolve_one(std::move(each), question);
            resolved.index = static_cast<std::uint32_t>(i);
            octets += resolved.address.size() + resolved.next_hop.size() + resolved.mailbox.size() +
                      resolved.text.size() + resolved.target.size() + resolved.user.size() +
                      resolved.sender.size() + resolved.command.size() + fixed_part;
            resolution.recipients.push_back(std::move(resolved));
        }
    }
    co_return resolution;
}

}  // namespace ekiden::router
