// What a sender hears who asked for it (sendmail -v, -bv).
//
// A message that only verifies takes the same way as others as far as the deliverers, which get no content
// and say what they would do. Nothing of it is recorded on the way: what aliases and .forward files name is
// found again when a crash made an end of it, and the end of the pass is the report, which takes the
// message's place in one transaction. As with Postfix what cannot be said now is said to be undeliverable;
// only where a process of this house was missing the message waits and asks once more.
//
// An alias of this host is followed as far as this host: mailboxes, commands, files. What leaves it from
// there is named and not asked about ("forwards to"), for it would be a message of its own.
#include <algorithm>

#include "common/log/events.h"
#include "common/text/ascii.h"
#include "queue/manager/named.h"
#include "queue/manager/queue.h"
#include "queue/manager/soon.h"

namespace ekiden::queue {
namespace {

constexpr std::size_t most_found = 10'000;  // recipients of one message, what aliases name included
constexpr int most_rounds = 50;             // aliases of aliases
constexpr std::int64_t all_recipients = 1'000'000;

bool leaves(ipc::Transport transport) {
    return transport == ipc::Transport::smtp || transport == ipc::Transport::lmtp;
}

void fail(Recipient& recipient, std::string why) {
    recipient.state = RecipientState::failed;
    recipient.status = "5.4.6";
    recipient.reason = std::move(why);
}

}  // namespace

// Finds out what the recipients are, round by round while aliases name further ones.
Task<Result<>> Queue::explore(Active& active, ipc::Resolution resolution, std::vector<std::size_t> places) {
    for (int round = 0;; ++round) {
        std::vector<std::vector<const ipc::ResolvedRecipient*>> answers(places.size());
        for (const ipc::ResolvedRecipient& resolved : resolution.recipients)
            if (resolved.index < answers.size()) answers[resolved.index].push_back(&resolved);
        std::vector<std::size_t> next;
        for (std::size_t i = 0; i < places.size(); ++i)
            take_answers(active, places[i], answers[i], round > 0, next);
        if (next.empty()) co_return Result<>{};
        if (round == most_rounds) {
            for (std::size_t place : next) fail(active.message.recipients[place], "aliases nest too deeply");
            co_return Result<>{};
        }
        ipc::ResolveRecipients question;
        question.sender = active.message.envelope.sender;
        question.delivered_to = active.message.envelope.delivered_to;
        for (std::size_t place : next)
            question.recipients.push_back(active.message.recipients[place].address);
        Result<ipc::Resolution> answer = co_await outside_.resolve(std::move(question));
        if (!answer) co_return pass(answer);
        resolution = std::move(*answer);
        places = std::move(next);
    }
}

// `follows`: the address came out of an alias of this host. `next` gets those that are to be asked about.
void Queue::take_answers(Active& active, std::size_t place,
                         const std::vector<const ipc::ResolvedRecipient*>& answers, bool follows,
                         std::vector<std::size_t>& next) {
    const std::string address = active.message.recipients[place].address;
    if (answers.empty()) return;  // it is not known, and so it is reported
    if (answers.size() == 1 && is_itself(*answers[0], address)) {
        if (follows && leaves(answers[0]->transport))
            forwards_to(active, place);
        else
            take_route(active, place, *answers[0]);
        return;
    }
    Expansion expansion;
    for (const ipc::ResolvedRecipient* answer : answers) {
        if (answer->forwarded)
            expansion.forwarded[answer->sender].push_back(recipient_of(*answer));
        else
            expansion.finals.push_back({*answer, recipient_of(*answer)});
    }
    active.message.recipients[place].state = RecipientState::done;  // others stand for it
    active.routes[place].expanded = true;
    take_found(active, place, std::move(expansion), &next);
}

// What `from` names takes its place, in memory. Addresses go to `next`; where there is none, and in a list
// that has an owner, they are only named.
void Queue::take_found(Active& active, std::size_t from, Expansion expansion,
                       std::vector<std::size_t>* next) {
    for (Expansion::Final& found : expansion.finals)
        if (auto place = add_found(active, from, std::move(found.recipient)))
            take_route(active, *place, found.resolved);
    for (auto& [sender, recipients] : expansion.forwarded) {
        for (Recipient& found : recipients) {
            const bool address = found.destination == ipc::Destination::address;
            auto place = add_found(active, from, std::move(found));
            if (!place) continue;
            if (!address)
                take_final_route(active, *place);
            else if (next != nullptr && sender == active.message.envelope.sender)
                next->push_back(*place);
            else
                forwards_to(active, *place);
        }
    }
}

// Nothing where the same was found for the same recipient before, or where it cannot be followed: then that
// is among the recipients.
std::optional<std::size_t> Queue::add_found(Active& active, std::size_t from, Recipient found) {
    std::vector<Recipient>& recipients = active.message.recipients;
    const Recipient parent = recipients[from];
    found.original = parent.original.empty() ? parent.address : parent.original;
    found.orcpt = parent.orcpt;
    found.notify = parent.notify;
    found.resolved = true;
    found.number = recipients.back().number + 1;
    if (recipients.size() > most_found) return std::nullopt;  // said already
    if (!active.found.insert(found.original + "\n" + key_of(found)).second) {
        bool circle = false;
        for (std::size_t at = from; !circle && active.routes[at].found_by != 0;
             at = active.routes[at].found_by - 1)
            circle = key_of(recipients[active.routes[at].found_by - 1]) == key_of(found);
        if (!circle) return std::nullopt;
        fail(found, "mail forwarding loop for " + found.address);
    }
    if (recipients.size() == most_found) fail(found, "an alias makes too many recipients");
    const bool failed = found.state == RecipientState::failed;
    recipients.push_back(std::move(found));
    active.routes.emplace_back().found_by = from + 1;
    ++recipients_;
    if (failed) return std::nullopt;
    return recipients.size() - 1;
}

// It would be a message of its own from here.
void Queue::forwards_to(Active& active, std::size_t place) {
    Recipient& recipient = active.message.recipients[place];
    RecipientOutcome outcome{recipient.number, RecipientState::done, "2.0.0",
                             "forwards to " + recipient.address, ""};
    recipient.state = outcome.state;
    recipient.status = outcome.status;
    recipient.reason = outcome.reason;
    recipient.relay = "local";
    recipient.action = "deliverable";
    log_outcome(active, outcome, recipient.relay);
}

// The report ends the message. Where it has to be asked again nothing of this pass counts.
Task<Settle> Queue::conclude_probe(Active& active) {
    StoredMessage& message = active.message;
    Settle settle;
    settle.id = message.id;
    settle.seen = clock_.wall_seconds();
    settle.age = age_at(message, settle.seen);
    settle.attempts = message.attempts + 1;
    settle.trace = ipc::Trace::verify;
    std::vector<RecipientOutcome> outcomes = std::exchange(active.unsaved, {});
    const bool old = expired(settings_.retry, message, settle.age);
    const bool again = active.nobody_to_deliver && !old && settle.attempts <= soon_passes;
    if (again || active.withdrawn) {
        for (RecipientOutcome& outcome : outcomes) {
            outcome.state = RecipientState::waiting;
            settle.outcomes.push_back(std::move(outcome));
        }
        settle.then = Settle::Then::defer;
        settle.next_attempt = std::min(next_attempt(settings_.retry, settle.age, settle.seen),
                                       settle.seen + soon * settle.attempts);
        co_return settle;
    }
    for (Recipient& recipient : message.recipients)
        if (recipient.state == RecipientState::waiting && recipient.reason.empty())
            recipient.reason = old ? "the message expired in the queue" : "nothing could be found out";
    settle.then = Settle::Then::remove;
    const std::vector<Recipient> nobody_before;
    std::vector<Letter> letters = letters_of_report(active, nobody_before);
    if (!letters.empty()) co_await write_notices(active, std::move(letters), settle, settle.age);
    co_return settle;
}

// Who was done by a process before this one: the spool remembers them.
Task<std::vector<Recipient>> Queue::done_before(const Active& active) {
    const Sequence sequence = active.message.id.sequence;
    while (!active.first_attempt) {
        auto read = [sequence](Spool& spool) { return spool.recipients(sequence, 0, all_recipients); };
        Result<std::vector<Recipient>> all = co_await writer_.read(std::move(read));
        if (all) {
            std::erase_if(*all, [&](const Recipient& r) {
                const std::size_t place = active.place(r.number);
                const bool here = place < active.message.recipients.size() &&
                                  active.message.recipients[place].number == r.number;
                return here || r.state != RecipientState::done || r.action.empty();
            });
            co_return std::move(*all);
        }
        log::emit(events::spool_unreadable, all.error());
        co_await loop_.sleep(settings_.record_again);
    }
    co_return std::vector<Recipient>();
}

// About all but those in whose place others stand.
std::vector<Letter> Queue::letters_of_report(const Active& active, const std::vector<Recipient>& before) {
    std::vector<const Recipient*> told;
    for (const Recipient& r : before) told.push_back(&r);
    for (const Recipient& r : active.message.recipients)
        if (r.state != RecipientState::done || !r.action.empty()) told.push_back(&r);
    std::ranges::sort(told, {}, &Recipient::number);
    std::vector<Letter> letters = letters_of_trace(settings_.notices, active.message, told);
    const bool single = active.message.envelope.sender.empty();
    if (letters.empty())
        log::emit(events::report_unsent, print(active.message.id),
                  single ? "single-bounce" : "double-bounce");
    return letters;
}

}  // namespace ekiden::queue
