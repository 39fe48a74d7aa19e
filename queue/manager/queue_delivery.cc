// Where a message goes, and how it gets there: resolution, deliveries and their outcomes. The outcome of each
// delivery is recorded as it comes; that of the last one together with the end of the pass (queue_pass.cc).
#include <fmt/format.h>

#include <set>

#include "common/log/events.h"
#include "common/text/ascii.h"
#include "common/text/delay.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {
namespace {

constexpr std::string_view transport_name(ipc::Transport transport) {
    switch (transport) {
        case ipc::Transport::virtual_mailbox: return "virtual";
        case ipc::Transport::local: return "local";
        case ipc::Transport::smtp: return "smtp";
        case ipc::Transport::lmtp: return "lmtp";
        case ipc::Transport::discard: return "discard";
        case ipc::Transport::error: return "error";
        case ipc::Transport::retry: return "retry";
    }
    return "retry";
}

std::string_view domain_of(std::string_view address) {
    std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// "5.1.1 User unknown" in its two parts; `otherwise` when there is no code of that class.
std::pair<std::string, std::string> split_status(const std::string& text, std::string_view otherwise) {
    std::size_t blank = text.find(' ');
    std::string_view code = std::string_view(text).substr(0, blank);
    bool is_code = code.size() >= 5 && code[0] == otherwise[0] && code[1] == '.' && text::is_digit(code[2]);
    if (!is_code) return {std::string(otherwise), text.empty() ? "no reason given" : text};
    return {std::string(code), blank == std::string::npos ? "no reason given" : text.substr(blank + 1)};
}

std::vector<RecipientOutcome> same_for_all(const std::vector<std::int64_t>& numbers, RecipientState state,
                                           const std::string& status, const std::string& why) {
    std::vector<RecipientOutcome> outcomes;
    for (std::int64_t number : numbers) outcomes.push_back({number, state, status, why, ""});
    return outcomes;
}

// What a report calls it, where the recipient has it (RFC 3464 2.3.3). LMTP delivers for good.
std::string action_of(const Active& active, const Route& route, const RecipientOutcome& outcome) {
    if (outcome.state != RecipientState::done || route.expanded) return "";
    if (active.verifies()) return "deliverable";
    bool goes_on = route.transport == ipc::Transport::local && outcome.reason.starts_with("forwarded as ");
    return goes_on || route.transport == ipc::Transport::smtp ? "relayed" : "delivered";
}

// What only a notice or a report needs is not kept for others.
void trim(const Active& active, const Route& route, RecipientOutcome& outcome) {
    const bool traced = active.message.envelope.trace != ipc::Trace::none;
    if (traced) outcome.action = action_of(active, route, outcome);
    if (!traced) outcome.relay.clear();
    if (!traced && outcome.state == RecipientState::done) outcome.reply.clear();
}

// What commands find in their environment.
void tell_of_client(const Envelope& envelope, ipc::Deliver& order) {
    order.envelope_id = envelope.envelope_id;
    order.client_name = envelope.client;
    order.client_address = envelope.client_address;
    order.helo = envelope.helo;
    order.protocol = envelope.protocol;
    order.login = envelope.login;
}

}  // namespace

Task<> Queue::activate(Sequence sequence) {
    Active& active = *active_.at(sequence);  // stays until end_pass() forgets it
    ipc::ResolveRecipients question;
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < active.message.recipients.size(); ++place) {
        const Recipient& recipient = active.message.recipients[place];
        if (recipient.state != RecipientState::waiting) continue;
        bool mailbox = recipient.destination == ipc::Destination::user_mailbox;
        if (recipient.destination != ipc::Destination::address && !mailbox) {
            take_final_route(active, place);
            continue;
        }
        // Where a user's mail goes behind the .forward is main.cf's business of today.
        if (mailbox) question.mailboxes.push_back(static_cast<std::uint32_t>(places.size()));
        places.push_back(place);
        question.recipients.push_back(recipient.address);
    }
    question.sender = active.message.envelope.sender;
    question.delivered_to = active.message.envelope.delivered_to;
    log::emit(events::queue_active, print(active.message.id), active.message.envelope.sender,
              active.message.envelope.size, active.message.recipients.size());
    if (!places.empty() && !active.message.expire) {
        Result<> found = co_await find_ways(active, std::move(question), places);
        if (!found && !active.withdrawn) {
            active.nobody_to_deliver = true;
            std::vector<std::int64_t> numbers;
            for (std::size_t place : places) {
                if (active.message.recipients[place].state != RecipientState::waiting) continue;  // expanded
                active.routes[place].state = Route::State::none;
                numbers.push_back(active.message.recipients[place].number);
            }
            postpone(active, std::move(numbers), "4.3.0", "address resolution: " + found.error().text);
        }
    }
    active.resolving = false;
    dispatch(active, 0);
}

Task<Result<>> Queue::find_ways(Active& active, ipc::ResolveRecipients question,
                                std::vector<std::size_t> places) {
    Result<ipc::Resolution> resolution = co_await outside_.resolve(std::move(question));
    if (!resolution) co_return pass(resolution);
    if (active.verifies()) {
        Result<> explored = co_await explore(active, std::move(*resolution), std::move(places));
        co_return explored;
    }
    bool expanded = co_await expand(active, *resolution, places);
    if (!expanded) co_return temporary("aliases cannot be recorded");
    co_return Result<>{};
}

// Gives what has a route to the scheduler, from this place on, and settles what needs no delivery.
void Queue::dispatch(Active& active, std::size_t first) {
    std::map<DestinationKey, std::vector<std::int64_t>> groups;
    std::vector<RecipientOutcome> outcomes;
    for (std::size_t place = first; place < active.routes.size(); ++place) {
        Route& route = active.routes[place];
        const Recipient& recipient = active.message.recipients[place];
        if (route.state != Route::State::waiting) continue;
        if (active.withdrawn) {
            route.state = Route::State::none;
            continue;
        }
        ++active.pending;
        auto at_once = [&](RecipientState state, std::string_view otherwise) {
            auto [status, why] = split_status(route.next_hop, otherwise);
            outcomes.push_back({recipient.number, state, status, why, ""});
        };
        switch (route.transport) {
            case ipc::Transport::discard:
                outcomes.push_back({recipient.number, RecipientState::done, "2.0.0", "discarded", ""});
                break;
            case ipc::Transport::error:
                settings_.soft_bounce ? at_once(RecipientState::waiting, "4.0.0")
                                      : at_once(RecipientState::failed, "5.0.0");
                break;
            case ipc::Transport::retry: at_once(RecipientState::waiting, "4.3.0"); break;
            case ipc::Transport::local:  // one user's commands must not keep the others' mail
                groups[{"local", text::to_lower(recipient.address)}].push_back(recipient.number);
                break;
            case ipc::Transport::virtual_mailbox:
                groups[{std::string(transport_name(route.transport)),
                        std::string(domain_of(recipient.address))}]
                    .push_back(recipient.number);
                break;
            case ipc::Transport::smtp:
            case ipc::Transport::lmtp:
                groups[{std::string(transport_name(route.transport)), text::to_lower(route.next_hop)}]
                    .push_back(recipient.number);
                break;
        }
    }
    for (const RecipientOutcome& outcome : outcomes) log_outcome(active, outcome);
    for (auto& [destination, numbers] : groups) {
        std::optional<std::string> dead = scheduler_.dead(destination, clock_.steady_us());
        if (dead) {
            for (RecipientOutcome& outcome : same_for_all(numbers, RecipientState::waiting, "4.4.1",
                                                          "delivery temporarily suspended: " + *dead)) {
                log_outcome(active, outcome);
                outcomes.push_back(std::move(outcome));
            }
        } else {
            scheduler_.add(active.message.id.sequence, destination, std::move(numbers));
        }
    }
    wake_pump();
    settle(active, std::move(outcomes));
}

// For outcomes that no deliverer logs.
void Queue::log_outcome(const Active& active, const RecipientOutcome& outcome, std::string_view relay) {
    const Recipient& recipient = active.message.recipients[active.place(outcome.number)];
    std::int64_t now = clock_.wall_us();
    std::int64_t before = std::max<std::int64_t>(0, active.since_us - active.message.envelope.arrived_us);
    std::int64_t here = std::max<std::int64_t>(0, now - active.since_us);
    const bool probe = active.verifies();
    const bool again = outcome.state == RecipientState::waiting && (!probe || active.nobody_to_deliver);
    std::string_view status = again                                   ? "deferred"
                              : outcome.state == RecipientState::done ? (probe ? "deliverable" : "sent")
                              : probe                                 ? "undeliverable"
                                                                      : "bounced";
    const std::string delay = text::print_delay(before + here);
    const std::string delays = text::print_delays(before, here, 0, 0);
    if (relay == "none")
        log::emit(events::queue_outcome, print(active.message.id), recipient.address, recipient.original,
                  delay, delays, outcome.status, status, outcome.reason);
    else
        log::emit(events::local_delivery, print(active.message.id), recipient.address, recipient.original,
                  relay, delay, delays, outcome.status, status, outcome.reason);
}

void Queue::wake_pump() {
    pump_wanted_ = true;
    pump_signal_.notify_all();
}

Task<> Queue::pump() {
    while (true) {
        while (!std::exchange(pump_wanted_, false)) co_await pump_signal_.wait(std::chrono::hours(1));
        while (blocked_ == 0 && !finishing_) {
            std::optional<Delivery> delivery = scheduler_.next();
            if (!delivery) break;
            gate_.spawn(run(std::move(*delivery)));
        }
    }
}

Task<> Queue::run(Delivery delivery) {
    Active* active = find(delivery.message);
    if (active == nullptr) {
        scheduler_.abandoned(delivery.id);
        co_return;
    }
    ipc::Transport transport = active->routes[active->place(delivery.recipients.front())].transport;
    ipc::Deliver order = order_for(*active, delivery);
    Result<> given = co_await give_content(*active, order);
    if (!given) {
        if (given.error().kind == ErrorKind::not_found) {
            log::emit(events::content_unreadable, print(active->message.id), given.error());
            writer_.submit(Command{Command::Verb::hold, delivery.message},
                           [](Result<std::int64_t>, Operation&) {});
        }
        take_outcome(delivery, pass(given));
        co_return;
    }
    Result<ipc::DeliveryOutcome> outcome = co_await outside_.deliver(transport, std::move(order));
    if (outcome && transport == ipc::Transport::local) co_await take_expansions(*active, *outcome);
    take_outcome(delivery, std::move(outcome));
}

ipc::Deliver Queue::order_for(Active& active, const Delivery& delivery) {
    const Envelope& envelope = active.message.envelope;
    ipc::Deliver order{};
    order.queue_id = print(active.message.id);
    order.sender = envelope.sender;
    order.arrival = envelope.arrived_us;
    order.first_attempt = active.first_attempt;
    order.probe = active.verifies();
    order.notes.size = static_cast<std::uint64_t>(envelope.size);
    order.notes.header_size = static_cast<std::uint64_t>(envelope.header_size);
    order.notes.line_ends = static_cast<std::uint64_t>(envelope.line_ends);
    order.notes.longest_line = static_cast<std::uint32_t>(envelope.longest_line);
    order.notes.eight_bit = envelope.eight_bit;
    order.notes.leading_dot = envelope.leading_dot;
    order.notes.message_id = envelope.message_id;
    order.notes.delivered_to = envelope.delivered_to;
    for (std::int64_t number : delivery.recipients) {
        std::size_t place = active.place(number);
        const Recipient& recipient = active.message.recipients[place];
        Route& route = active.routes[place];
        route.state = Route::State::under_way;
        order.lmtp = route.transport == ipc::Transport::lmtp;
        order.next_hop = order.lmtp || route.transport == ipc::Transport::smtp ? route.next_hop : "";
        bool own = route.destination == ipc::Destination::user ||
                   route.destination == ipc::Destination::user_mailbox;
        order.recipients.push_back({static_cast<std::uint32_t>(number), recipient.address, recipient.original,
                                    route.mailbox, route.uid, route.gid, route.quota, route.destination,
                                    own ? route.command : route.target, route.user});
        if (route.transport == ipc::Transport::local) tell_of_client(envelope, order);
    }
    return order;
}

Task<Result<>> Queue::give_content(const Active& active, ipc::Deliver& order) {
    if (order.probe) co_return Result<>{};  // what nobody has nobody can deliver
    if (active.content) {
        order.content = *active.content;
        co_return Result<>{};
    }
    if (active.message.in_file) {
        Result<OwnedFd> file = writer_.content().open_for_reading(active.message.id);
        if (!file) co_return pass(file);
        order.file = std::move(*file);
        co_return Result<>{};
    }
    auto read = [sequence = active.message.id.sequence](Spool& spool) {
        return spool.read_content(sequence);
    };
    Result<std::string> content = co_await writer_.read(std::move(read));
    if (!content) co_return pass(content);
    order.content = std::move(*content);
    co_return Result<>{};
}

void Queue::take_outcome(const Delivery& delivery, Result<ipc::DeliveryOutcome> outcome) {
    Active& active = *active_.at(delivery.message);
    std::vector<RecipientOutcome> outcomes;
    if (!outcome) {
        // The deliverer is gone or never was there; what it did is not known. It is asked again soon.
        scheduler_.abandoned(delivery.id);
        active.nobody_to_deliver = true;
        active.first_attempt = false;
        outcomes =
            same_for_all(delivery.recipients, RecipientState::waiting, "4.3.0", "mail transport unavailable");
        for (RecipientOutcome& each : outcomes) {
            each.reason += ": " + outcome.error().text;
            log_outcome(active, each);
        }
        wake_pump();
        settle(active, std::move(outcomes));
        return;
    }
    std::set<std::int64_t> open(delivery.recipients.begin(), delivery.recipients.end());
    std::string dead;
    for (ipc::RecipientOutcome& each : outcome->recipients) {
        if (open.erase(each.index) == 0) continue;
        if (each.status == ipc::DeliveryStatus::expanded) {  // not to be taken from this deliverer
            each.dsn = "4.3.5";
            each.text = "the deliverer expanded what is no list";
        }
        RecipientOutcome result{
            each.index,           RecipientState::waiting,    std::move(each.dsn),
            std::move(each.text), std::move(each.remote_mta), std::move(each.remote_reply),
            std::move(each.relay)};
        if (each.status == ipc::DeliveryStatus::sent) result.state = RecipientState::done;
        if (each.status == ipc::DeliveryStatus::bounced && !settings_.soft_bounce)
            result.state = RecipientState::failed;
        if (each.host_dead) dead = result.reason.empty() ? "the host does not answer" : result.reason;
        outcomes.push_back(std::move(result));
    }
    for (std::int64_t number : open)
        outcomes.push_back({number, RecipientState::waiting, "4.3.0",
                            "the deliverer said nothing about this recipient", ""});
    std::vector<Postponed> given_back;
    if (dead.empty())
        scheduler_.succeeded(delivery.id);
    else
        given_back = scheduler_.failed(delivery.id, dead, clock_.steady_us());
    wake_pump();
    settle(active, std::move(outcomes));
    for (Postponed& each : given_back)
        if (Active* other = find(each.message))
            postpone(*other, std::move(each.recipients), "4.4.1", "delivery temporarily suspended: " + dead);
}

// These recipients wait for another pass; they may be with the scheduler no more.
void Queue::postpone(Active& active, std::vector<std::int64_t> numbers, const std::string& status,
                     const std::string& why) {
    std::vector<RecipientOutcome> outcomes = same_for_all(numbers, RecipientState::waiting, status, why);
    for (const RecipientOutcome& outcome : outcomes) log_outcome(active, outcome);
    settle(active, std::move(outcomes));
}

// Takes outcomes over; ends the pass when nothing is pending any more, else records them.
void Queue::settle(Active& active, std::vector<RecipientOutcome> outcomes) {
    for (RecipientOutcome& outcome : outcomes) {
        std::size_t place = active.place(outcome.number);
        if (place >= active.routes.size()) continue;
        if (active.routes[place].state != Route::State::none) --active.pending;
        active.routes[place].state = Route::State::none;
        trim(active, active.routes[place], outcome);
        Recipient& recipient = active.message.recipients[place];
        recipient.state = outcome.state;
        recipient.status = outcome.status;
        recipient.reason = outcome.reason;
        recipient.remote = outcome.remote;
        recipient.reply = outcome.reply;
        recipient.relay = outcome.relay;
        recipient.action = outcome.action;
        active.unsaved.push_back(std::move(outcome));
    }
    if (active.resolving || active.ending) return;
    if (active.pending > 0 && active.verifies()) return;  // all of it counts, or none
    if (active.pending > 0) return record(active);
    active.ending = true;
    gate_.spawn(end_pass(active.message.id.sequence));
}

void Queue::record(Active& active) {
    if (active.unsaved.empty()) return;
    Settle operation;
    operation.id = active.message.id;
    operation.outcomes = std::exchange(active.unsaved, {});
    ++active.recording;
    gate_.spawn(keep_outcomes(std::move(operation)));
}

Task<> Queue::keep_outcomes(Settle operation) {
    co_await make_durable(operation);
    --active_.at(operation.id.sequence)->recording;  // end_pass() waits for us
    recorded_.notify_all();
}

}  // namespace ekiden::queue
