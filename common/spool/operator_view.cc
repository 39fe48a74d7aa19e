#include "common/spool/operator_view.h"

#include <algorithm>
#include <utility>

#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

// Whether one of the recipients is in that domain, or is that address.
bool at_site(const StoredMessage& message, const std::string& site) {
    bool address = site.contains('@');
    return std::ranges::any_of(message.recipients, [&](const Recipient& recipient) {
        std::string_view part = recipient.address;
        if (!address) {
            std::size_t at = part.rfind('@');
            part = at == std::string_view::npos ? std::string_view() : part.substr(at + 1);
        }
        return text::equal_ignoring_case(part, site);
    });
}

std::uint64_t size_of(const StoredMessage& message) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, message.envelope.size));
}

ipc::ListedMessage listed(StoredMessage message, bool active) {
    ipc::ListedMessage result{};
    result.queue_id = print(message.id);
    result.state = state_of(message, active);
    result.size = size_of(message);
    result.arrival = message.envelope.arrived_us / 1'000'000;
    result.forced_expire = message.expire;
    result.sender = std::move(message.envelope.sender);
    for (Recipient& r : message.recipients)
        result.recipients.push_back({std::move(r.address), std::move(r.reason)});
    return result;
}

std::size_t octets_of(const ipc::ListedMessage& message) {
    std::size_t octets = 100 + message.sender.size();
    for (const ipc::ListedRecipient& r : message.recipients)
        octets += 20 + r.address.size() + r.reason.size();
    return octets;
}

ipc::QueuedMessage envelope_of(const StoredMessage& message, bool active) {
    const Envelope& e = message.envelope;
    ipc::QueuedMessage result{};
    result.queue_id = print(message.id);
    result.state = state_of(message, active);
    result.size = size_of(message);
    result.arrival = e.arrived_us;
    result.created = message.id.time_us;
    result.sender = e.sender;
    result.envelope_id = e.envelope_id;
    result.return_content = e.dsn_return == DsnReturn::full ? 2 : e.dsn_return == DsnReturn::headers ? 1 : 0;
    result.notice = message.kind == Kind::notice;
    result.forced_expire = message.expire;
    result.client_name = e.client;
    result.client_address = e.client_address;
    result.helo = e.helo;
    result.protocol = e.protocol;
    result.login = e.login;
    result.grant_user = e.grant;
    result.next_recipient = -1;
    return result;
}

ipc::QueuedRecipient queued(Recipient recipient) {
    bool done = recipient.state != RecipientState::waiting;
    return {std::move(recipient.address), std::move(recipient.original), std::move(recipient.orcpt),
            static_cast<std::uint8_t>(recipient.notify), done};
}

bool means(const ipc::ChangeQueue& order, const StoredMessage& message, bool active) {
    if (order.queues != 0 && (order.queues & ipc::bit_of(state_of(message, active))) == 0) return false;
    return !order.queue_id.empty() || order.all || at_site(message, order.site);
}

}  // namespace

Command::Verb verb_of(ipc::QueueVerb verb) {
    switch (verb) {
        case ipc::QueueVerb::flush: return Command::Verb::attempt_now;
        case ipc::QueueVerb::hold: return Command::Verb::hold;
        case ipc::QueueVerb::release: return Command::Verb::release;
        case ipc::QueueVerb::requeue: return Command::Verb::requeue;
        case ipc::QueueVerb::remove: return Command::Verb::remove;
        case ipc::QueueVerb::expire: return Command::Verb::expire;
    }
    return Command::Verb::attempt_now;
}

std::string_view said(ipc::QueueVerb verb) {
    switch (verb) {
        case ipc::QueueVerb::flush: return "flushed";
        case ipc::QueueVerb::hold: return "placed on hold";
        case ipc::QueueVerb::release: return "released from hold";
        case ipc::QueueVerb::requeue: return "requeued";
        case ipc::QueueVerb::remove: return "removed";
        case ipc::QueueVerb::expire: return "expired";
    }
    return "";
}

ipc::QueueState state_of(const StoredMessage& message, bool active) {
    if (message.hold) return ipc::QueueState::hold;
    if (active) return ipc::QueueState::active;
    return message.next_attempt == 0 ? ipc::QueueState::incoming : ipc::QueueState::deferred;
}

ipc::QueuePage page_of(std::vector<StoredMessage> messages, std::int64_t asked,
                       const std::function<bool(Sequence)>& is_active) {
    ipc::QueuePage page;
    std::size_t octets = 0, found = messages.size();
    for (StoredMessage& message : messages) {
        if (octets > operator_page_octets) break;
        bool active = is_active(message.id.sequence);
        page.messages.push_back(listed(std::move(message), active));
        octets += octets_of(page.messages.back());
    }
    bool all = page.messages.size() == found && static_cast<std::int64_t>(found) < asked;
    if (!all) page.next = page.messages.back().queue_id;
    return page;
}

Result<std::vector<StoredMessage>> candidates(Spool& spool, const ipc::ChangeQueue& order) {
    if (order.queue_id.empty() && !order.all && order.site.empty())
        return malformed("neither an id nor a site nor all");
    const std::string& named = order.queue_id.empty() ? order.after : order.queue_id;
    std::optional<text::QueueId> id = text::parse_queue_id(named);
    if (!named.empty() && !id) return malformed("not a queue id: " + text::printable(named, 40));
    if (order.queue_id.empty()) return spool.list(id ? id->sequence : 0, operator_page);
    Result<StoredMessage> message = spool.load(id->sequence);
    if (!message && message.error().kind != ErrorKind::not_found) return pass(message);
    std::vector<StoredMessage> found;
    // An id must be whole: the sequence alone would do, but a mistyped time is a mistake.
    if (message && message->id == *id) found.push_back(std::move(*message));
    return found;
}

Chosen choose(const ipc::ChangeQueue& order, const std::vector<StoredMessage>& candidates,
              const std::function<bool(Sequence)>& is_active) {
    Chosen chosen;
    for (const StoredMessage& message : candidates) {
        if (order.queue_id.empty()) chosen.next = print(message.id);
        if (means(order, message, is_active(message.id.sequence))) chosen.ids.push_back(message.id);
    }
    if (static_cast<std::int64_t>(candidates.size()) < operator_page) chosen.next.clear();
    return chosen;
}

Result<ipc::QueuedMessage> read_message(Spool& spool, const ipc::ReadMessage& question) {
    std::optional<text::QueueId> id = text::parse_queue_id(question.queue_id);
    if (!id) return malformed("not a queue id: " + text::printable(question.queue_id, 40));
    Result<StoredMessage> message = spool.load(id->sequence);
    if (!message) return pass(message);
    if (message->id != *id) return not_found("no such message");
    ipc::QueuedMessage result = envelope_of(*message, false);
    Result<std::vector<Recipient>> recipients =
        spool.recipients(id->sequence, question.from_recipient, operator_page + 1);
    if (!recipients) return pass(recipients);
    std::size_t octets = 0;
    for (Recipient& recipient : *recipients) {
        if (octets > operator_page_octets ||
            static_cast<std::int64_t>(result.recipients.size()) == operator_page) {
            result.next_recipient = recipient.number;
            break;
        }
        octets += 40 + recipient.address.size() + recipient.original.size() + recipient.orcpt.size();
        result.recipients.push_back(queued(std::move(recipient)));
    }
    if (question.from_recipient > 0) return result;
    if (message->in_file) {
        Result<OwnedFd> file = spool.content().open_for_reading(*id);
        if (!file) return pass(file);
        result.file = std::move(*file);
        return result;
    }
    Result<std::string> content = spool.read_content(id->sequence);
    if (!content) return pass(content);
    result.content = std::move(*content);
    return result;
}

void add_finding(ipc::QueueFindings& findings, const Suspect& suspect) {
    if (findings.lines.size() < most_findings)
        findings.lines.push_back(print(suspect.id) + ": " + suspect.why + ": placed on hold");
    else if (findings.lines.size() == most_findings)
        findings.lines.push_back("there are more, on hold too");
}

}  // namespace ekiden::queue
