// What becomes of a recipient that names others: an alias, a .forward file, an :include: file.
//
// What stays on this host for good (a mailbox, a command, a file, a list to be read) takes the recipient's
// place in the message. Addresses that aliases(5) or a user's .forward name go on as a message of their own,
// which says in Delivered-To whom it was for: so a loop through any number of hosts ends where it closes, and
// a list's owner hears of its failures. Either is recorded, in one transaction, before anything is delivered
// to it: a crash neither loses nor doubles it.
#include <fmt/format.h>

#include <set>

#include "common/log/events.h"
#include "common/mail/date.h"
#include "common/text/ascii.h"
#include "common/text/delay.h"
#include "queue/manager/named.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {
namespace {

using ipc::Destination;

// Aliases of aliases, lists in lists: what one message may grow to.
constexpr std::int64_t most_recipients = 50'000;
constexpr std::size_t longest_target = 8192;
constexpr std::size_t most_hops = 100;  // aliases and users that one message may pass on this host

bool is_user(Destination destination) {
    return destination == Destination::user || destination == Destination::user_mailbox ||
           destination == Destination::forward_file;
}

bool harmless(std::string_view text) {
    return !text.empty() && text.size() <= longest_target &&
           text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// RFC 5321 4.4 asks for a trace of each hop; Delivered-To says which of our users it was for.
std::string top_of(const NoticePolicy& policy, const text::QueueId& id, const std::string& address,
                   bool said_already, std::int64_t now_us) {
    return fmt::format("Received: by {} ({})\r\n\tid {}; {}\r\n{}", policy.hostname, policy.mail_name,
                       print(id), mail::print_local_date(now_us / 1'000'000),
                       said_already ? "" : "Delivered-To: " + address + "\r\n");
}

}  // namespace

std::string key_of(Destination destination, std::string_view address, std::string_view target,
                   std::string_view user) {
    if (destination == Destination::address) return text::to_lower(address);
    if (is_user(destination))
        return fmt::format("\n{}\n{}", std::to_underlying(Destination::user_mailbox), user);
    return fmt::format("\n{}\n{}\n{}", std::to_underlying(destination), target, user);
}

std::string key_of(const Recipient& r) { return key_of(r.destination, r.address, r.target, r.user); }

Recipient recipient_of(const ipc::ResolvedRecipient& resolved) {
    Recipient recipient;
    recipient.address = resolved.address;
    // A user is looked up again whenever it is his turn; that his .forward was looked at stays true.
    if (resolved.destination != Destination::user && resolved.destination != Destination::forward_file)
        recipient.destination = resolved.destination;
    recipient.target = resolved.target;
    recipient.user = resolved.user;
    return recipient;
}

bool is_itself(const ipc::ResolvedRecipient& answer, const std::string& address) {
    return !answer.forwarded && answer.target.empty() && text::equal_ignoring_case(answer.address, address);
}

struct Queue::Known {
    std::int64_t next_number = 0;
    std::set<std::string> keys;  // who has the message, or gets it already
};

// Takes the routes of the answer; where aliases changed the recipients, records that first. False: nothing
// was taken.
Task<bool> Queue::expand(Active& active, const ipc::Resolution& resolution,
                         const std::vector<std::size_t>& places) {
    std::vector<std::vector<const ipc::ResolvedRecipient*>> answers(places.size());
    for (const ipc::ResolvedRecipient& resolved : resolution.recipients)
        if (resolved.index < answers.size()) answers[resolved.index].push_back(&resolved);
    std::vector<std::size_t> expansions;
    std::vector<std::string> taken;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const Recipient& recipient = active.message.recipients[places[i]];
        const ipc::ResolvedRecipient* itself = nullptr;
        for (const ipc::ResolvedRecipient* answer : answers[i])
            if (is_itself(*answer, recipient.address)) itself = answer;
        // What came out of an expansion is not expanded again where it names itself.
        bool stays = itself != nullptr && (answers[i].size() == 1 || recipient.resolved);
        if (stays) take_route(active, places[i], *itself);
        if (stays || answers[i].empty())  // without an answer it waits
            taken.push_back(key_of(Destination::address, recipient.address, "", ""));
        else
            expansions.push_back(i);
    }
    if (expansions.empty()) co_return true;
    Result<Known> known = co_await known_of(active);
    if (!known) co_return false;
    known->keys.insert(taken.begin(), taken.end());
    for (std::size_t i : expansions) {
        const Recipient original = active.message.recipients[places[i]];
        Expansion expansion;
        for (const ipc::ResolvedRecipient* answer : answers[i]) {
            if (answer->forwarded) {
                expansion.forwarded[answer->sender].push_back(recipient_of(*answer));
                continue;
            }
            Expansion::Final& result = expansion.finals.emplace_back();
            result.resolved = *answer;
            result.recipient = recipient_of(*answer);
        }
        Result<std::string> done = co_await record_expansion(active, places[i], std::move(expansion), *known);
        if (!done) co_return false;
        active.message.recipients[places[i]].state = RecipientState::done;
        if (!done->empty()) log_forwarded(active, original, *done);
    }
    co_return true;
}

// A recipient who got it in an earlier pass does not get it again from an alias that resolves only now; and a
// list that names itself is read once.
Task<Result<Queue::Known>> Queue::known_of(const Active& active) {
    Sequence sequence = active.message.id.sequence;
    auto read = [sequence](Spool& spool) -> Result<Known> {
        Result<std::int64_t> next = spool.next_number(sequence);
        if (!next) return pass(next);
        Result<std::vector<std::string>> delivered = spool.delivered(sequence);
        if (!delivered) return pass(delivered);
        Result<std::vector<Recipient>> expanded = spool.expanded(sequence);
        if (!expanded) return pass(expanded);
        Known known{*next, {}};
        for (const std::string& address : *delivered)
            known.keys.insert(key_of(Destination::address, address, "", ""));
        for (const Recipient& r : *expanded) known.keys.insert(key_of(r));
        return known;
    };
    Result<Known> known = co_await writer_.read(std::move(read));
    co_return known;
}

// Makes the expansion durable and takes the routes of what stays here. The ids of messages that go on, or
// nothing where there are none.
Task<Result<std::string>> Queue::record_expansion(Active& active, std::size_t place, Expansion expansion,
                                                  Known& known) {
    const Recipient original = active.message.recipients[place];
    Expand operation{active.message.id.sequence, original.number, {}, {}};
    std::vector<ipc::ResolvedRecipient> taken;
    for (Expansion::Final& result : expansion.finals) {
        Recipient& r = result.recipient;
        if (!known.keys.insert(key_of(r)).second) continue;
        if (known.next_number >= most_recipients) co_return permanent("an alias makes too many recipients");
        r.number = known.next_number++;
        r.original = original.original.empty() ? original.address : original.original;
        r.resolved = true;
        r.notify = original.notify;
        r.orcpt = original.orcpt;
        operation.results.push_back(std::move(r));
        taken.push_back(std::move(result.resolved));
    }
    std::string ids;
    for (auto& [sender, recipients] : expansion.forwarded) {
        Result<NewMessage> message = co_await forwarded(active, original, sender, std::move(recipients));
        if (!message) co_return pass(message);
        ids += (ids.empty() ? "" : ", ") + print(message->id);
        operation.forwarded.push_back(std::move(*message));
    }
    if (!ids.empty() && active.message.envelope.trace != ipc::Trace::none)
        operation.told = RecipientOutcome{
            original.number, RecipientState::done, "", "forwarded as " + ids, "", "", "local", "relayed"};
    Writer::Applied applied = co_await writer_.apply_and_return(std::move(operation));
    if (!applied.value) co_return pass(applied.value);
    auto& done = std::get<Expand>(applied.operation);
    if (done.told) {
        Recipient& alias = active.message.recipients[place];
        alias.reason = done.told->reason;
        alias.relay = done.told->relay;
        alias.action = done.told->action;
    }
    for (std::size_t i = 0; i < done.results.size(); ++i) {
        active.message.recipients.push_back(std::move(done.results[i]));
        active.routes.emplace_back();
        ++recipients_;
        take_route(active, active.routes.size() - 1, taken[i]);
    }
    if (*applied.value == 0) co_return std::string();  // an operator deleted the message
    for (NewMessage& message : done.forwarded) admit(std::move(message));
    co_return ids;
}

// The message in its next form: from `sender` to `recipients`, with the trace on top.
Task<Result<NewMessage>> Queue::forwarded(const Active& active, const Recipient& from, std::string sender,
                                          std::vector<Recipient> recipients) {
    const Envelope& envelope = active.message.envelope;
    if (envelope.delivered_to.size() >= most_hops)
        co_return permanent("mail forwarding loop: too many aliases");
    Result<std::vector<text::QueueId>> ids = co_await reserve_ids(1);
    if (!ids) co_return pass(ids);
    NewMessage message;
    message.id = ids->front();
    message.kind = active.message.kind;
    message.envelope = envelope;
    message.envelope.arrived_us = clock_.wall_us();
    message.envelope.sender = std::move(sender);
    message.envelope.trace = ipc::Trace::none;  // that it went on is what the report says
    // A list's own message, on its way to the list's members, says so already.
    bool said = !envelope.delivered_to.empty() &&
                text::equal_ignoring_case(envelope.delivered_to.back(), from.address);
    if (!said) message.envelope.delivered_to.push_back(from.address);
    message.top = top_of(settings_.notices, message.id, from.address, said, message.envelope.arrived_us);
    Envelope top;
    describe(message.top, top);
    message.envelope.size += top.size;
    message.envelope.header_size += top.size;
    message.envelope.line_ends += top.line_ends;
    message.envelope.longest_line = std::max(envelope.longest_line, top.longest_line);
    std::set<std::string> named;
    for (Recipient& recipient : recipients) {
        if (!named.insert(key_of(recipient)).second) continue;
        Recipient& r = message.recipients.emplace_back(std::move(recipient));
        r.number = static_cast<std::int64_t>(message.recipients.size()) - 1;
        r.resolved = r.destination != Destination::address;
        r.original = from.original.empty() ? from.address : from.original;
        r.notify = from.notify;
        r.orcpt = from.orcpt;
    }
    if (active.message.in_file) {
        message.copy_of = active.message.id;
        co_return message;
    }
    ipc::Deliver content{};
    Result<> given = co_await give_content(active, content);
    if (!given) co_return pass(given);
    message.content = std::make_shared<const std::string>(message.top + content.content);
    co_return message;
}

// Turns "expanded" outcomes of local-delivery into the delivery of what they name.
Task<> Queue::take_expansions(Active& active, ipc::DeliveryOutcome& outcome) {
    for (ipc::RecipientOutcome& each : outcome.recipients) {
        if (each.status != ipc::DeliveryStatus::expanded) continue;
        if (active.place(each.index) >= active.routes.size()) continue;
        // One at a time: the results' numbers are in order.
        while (active.expanding) co_await recorded_.wait(Milliseconds(2000));
        active.expanding = true;
        Result<std::string> done = co_await take_expansion(active, each);
        active.expanding = false;
        recorded_.notify_all();
        each.expansion.clear();
        if (done) {
            each.status = ipc::DeliveryStatus::sent;
            each.dsn = "2.0.0";
            each.text = done->empty() ? "expanded" : "forwarded as " + *done;
            active.routes[active.place(each.index)].expanded = done->empty();
            if (!done->empty())
                log_forwarded(active, active.message.recipients[active.place(each.index)], *done);
        } else {
            bool for_good = done.error().kind == ErrorKind::permanent;
            each.status = for_good ? ipc::DeliveryStatus::bounced : ipc::DeliveryStatus::deferred;
            each.dsn = for_good ? "5.4.6" : "4.3.0";
            each.text = done.error().text;
        }
    }
}

Task<Result<std::string>> Queue::take_expansion(Active& active, ipc::RecipientOutcome& outcome) {
    std::size_t place = active.place(outcome.index);
    Result<Expansion> expansion = co_await expansion_of(active, outcome);
    if (!expansion) co_return pass(expansion);
    std::size_t before = active.routes.size();
    if (active.verifies()) {
        take_found(active, place, std::move(*expansion), nullptr);
        dispatch(active, before);
        co_return std::string();
    }
    Result<Known> known = co_await known_of(active);
    if (!known) co_return pass(known);
    Result<std::string> done = co_await record_expansion(active, place, std::move(*expansion), *known);
    if (done) dispatch(active, before);
    co_return done;
}

// What the deliverer read, held against what it may name.
Task<Result<Queue::Expansion>> Queue::expansion_of(const Active& active, ipc::RecipientOutcome& outcome) {
    std::size_t place = active.place(outcome.index);
    const Recipient original = active.message.recipients[place];
    const Route route = active.routes[place];
    bool of_user = route.destination == Destination::user || route.destination == Destination::forward_file;
    bool may = of_user || route.destination == Destination::include;
    if (!may || outcome.expansion.empty()) co_return temporary("the deliverer expanded what is no list");
    Expansion expansion;
    for (ipc::ExpandedTarget& target : outcome.expansion) {
        bool own = target.destination == Destination::user_mailbox && of_user;
        bool of_another = is_user(target.destination) && !own;
        if (of_another || (!own && !harmless(target.text)))
            co_return temporary("the deliverer named a bad destination");
        if (target.destination == Destination::address) {
            Recipient& next = expansion.forwarded[active.message.envelope.sender].emplace_back();
            next.address = std::move(target.text);
            continue;
        }
        // Whoever named it, it gets the rights of the one who was asked.
        Expansion::Final& result = expansion.finals.emplace_back();
        result.recipient.address = original.address;
        result.recipient.destination = target.destination;
        result.recipient.target = own ? std::string() : std::move(target.text);
        result.recipient.user = route.user;
        result.resolved.address = original.address;
        result.resolved.transport = ipc::Transport::local;
        result.resolved.destination = target.destination;
        result.resolved.target = result.recipient.target;
        result.resolved.user = route.user;
        result.resolved.command = route.command;
        if (own && route.destination == Destination::forward_file) {
            Result<ipc::ResolvedRecipient> way = co_await mailbox_way(active, original.address);
            if (!way) co_return pass(way);
            result.resolved = std::move(*way);
        }
    }
    co_return expansion;
}

// Behind a .forward that leads to the user's own mailbox, where that is another transport's.
Task<Result<ipc::ResolvedRecipient>> Queue::mailbox_way(const Active& active, std::string address) {
    ipc::ResolveRecipients question;
    question.sender = active.message.envelope.sender;
    question.recipients.push_back(std::move(address));
    question.delivered_to = active.message.envelope.delivered_to;
    question.mailboxes.push_back(0);
    Result<ipc::Resolution> resolution = co_await outside_.resolve(std::move(question));
    if (!resolution) co_return pass(resolution);
    if (resolution->recipients.size() != 1 || resolution->recipients.front().forwarded)
        co_return temporary("the user's mailbox has no way");
    co_return std::move(resolution->recipients.front());
}

void Queue::take_route(Active& active, std::size_t place, const ipc::ResolvedRecipient& resolved) {
    Route& route = active.routes[place];
    route.state = Route::State::waiting;
    route.transport = resolved.transport;
    route.next_hop = resolved.next_hop;
    route.mailbox = resolved.mailbox;
    route.uid = resolved.uid;
    route.gid = resolved.gid;
    route.quota = resolved.quota;
    route.destination = resolved.destination;
    route.target = resolved.target;
    route.user = resolved.user;
    route.command = resolved.command;
    // Refusals bring their text where others have a host.
    if (resolved.transport == ipc::Transport::error || resolved.transport == ipc::Transport::retry)
        route.next_hop = resolved.text;
}

// What is no address needs no router.
void Queue::take_final_route(Active& active, std::size_t place) {
    const Recipient& recipient = active.message.recipients[place];
    Route& route = active.routes[place];
    const std::size_t found_by = route.found_by;
    route = {};
    route.found_by = found_by;
    route.state = Route::State::waiting;
    route.transport = ipc::Transport::local;
    route.destination = recipient.destination;
    route.target = recipient.target;
    route.user = recipient.user;
}

void Queue::log_forwarded(const Active& active, const Recipient& recipient, const std::string& ids) {
    std::int64_t now = clock_.wall_us();
    std::int64_t before = std::max<std::int64_t>(0, active.since_us - active.message.envelope.arrived_us);
    std::int64_t here = std::max<std::int64_t>(0, now - active.since_us);
    log::emit(events::local_delivery, print(active.message.id), recipient.address, recipient.original,
              "local", text::print_delay(before + here), text::print_delays(before, here, 0, 0), "2.0.0",
              "sent", "forwarded as " + ids);
}

}  // namespace ekiden::queue
