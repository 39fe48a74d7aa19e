#include "queue/relay/delivery.h"

// A recipient is settled by a 2xx or 5xx that speaks of it; a 4xx or a lost connection leaves it open for the
// next host. Only behind the final dot a lost connection ends the delivery: the server may have the message,
// and another host would make a second copy of it at once; the later attempt at least gives the server time
// to be seen to have it.

#include <fmt/format.h>

#include <algorithm>

#include "common/log/events.h"
#include "common/text/ascii.h"
#include "common/text/delay.h"

namespace ekiden::relay {
namespace {

using ipc::DeliveryStatus;

bool has_control(std::string_view address) {
    return std::ranges::any_of(address,
                               [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool has_high(std::string_view address) {
    return std::ranges::any_of(address, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

Failure temporary_failure(std::string dsn, std::string text) {
    Failure failure;
    failure.dsn = std::move(dsn);
    failure.text = std::move(text);
    return failure;
}

Failure permanent_failure(std::string dsn, std::string text) {
    Failure failure = temporary_failure(std::move(dsn), std::move(text));
    failure.permanent = true;
    return failure;
}

std::string_view name_of(DeliveryStatus status, bool probe) {
    if (probe) return status == DeliveryStatus::sent ? "deliverable" : "undeliverable";
    switch (status) {
        case DeliveryStatus::sent: return "sent";
        case DeliveryStatus::deferred: return "deferred";
        case DeliveryStatus::bounced: return "bounced";
        case DeliveryStatus::expanded: break;  // local-delivery's alone
    }
    return "?";
}

}  // namespace

Delivery::Delivery(Context context, ipc::Deliver request) : context_(context), request_(std::move(request)) {
    recipients_.resize(request_.recipients.size());
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        recipients_[i].outcome.index = request_.recipients[i].index;
}

std::string Delivery::destination() const { return (request_.lmtp ? "lmtp:" : "smtp:") + request_.next_hop; }

bool Delivery::any_open() const {
    return std::ranges::any_of(recipients_, [](const Recipient& recipient) { return recipient.open; });
}

std::vector<std::size_t> Delivery::open_recipients() const {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        if (recipients_[i].open) numbers.push_back(i);
    return numbers;
}

void Delivery::settle(Recipient& recipient, DeliveryStatus status, const Failure& why) {
    recipient.open = false;
    recipient.outcome.status = status;
    recipient.outcome.dsn = why.dsn;
    recipient.outcome.text = why.text;
    recipient.outcome.relay = why.relay;
    recipient.outcome.remote_mta = why.remote_mta;
    recipient.outcome.remote_reply = why.remote_reply;
    recipient.outcome.host_dead = why.no_contact && status == DeliveryStatus::deferred;
}

void Delivery::fail(Recipient& recipient, const Failure& failure) {
    if (failure.permanent)
        settle(recipient, DeliveryStatus::bounced, failure);
    else
        recipient.failure = failure;
}

void Delivery::fail_open(const Failure& failure) {
    for (Recipient& recipient : recipients_)
        if (recipient.open) fail(recipient, failure);
}

// Nothing that could end a command line early goes onto the wire.
void Delivery::check_addresses() {
    if (has_control(request_.sender))
        return fail_open(permanent_failure("5.1.7", "bad sender address syntax"));
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        if (has_control(request_.recipients[i].address))
            fail(recipients_[i], permanent_failure("5.1.3", "bad recipient address syntax"));
}

// What this server cannot take is known before anything is sent.
void Delivery::check_offers(const Session& session) {
    const smtp::ServerOffers& offers = session.client->offers();
    const std::string host = print(session.target);
    if (offers.size_limit > 0 && request_.notes.size > offers.size_limit) {
        Failure failure =
            permanent_failure("5.3.4", fmt::format("message size {} exceeds size limit {} of server {}",
                                                   request_.notes.size, offers.size_limit, host));
        failure.relay = print(session.target, session.port);
        return fail_open(failure);
    }
    if (offers.smtputf8) return;
    Failure failure =
        permanent_failure("5.6.7", fmt::format("SMTPUTF8 is required, but was not offered by host {}", host));
    failure.relay = print(session.target, session.port);
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        if (recipients_[i].open && (has_high(request_.sender) || has_high(request_.recipients[i].address)))
            fail(recipients_[i], failure);
}

Task<ipc::DeliveryOutcome> Delivery::run() {
    started_us_ = ready_us_ = context_.clock.steady_us();
    wall_started_us_ = context_.clock.wall_us();
    check_addresses();
    if (!request_.probe && !request_.file && request_.content.empty() && request_.notes.size > 0)
        for (Recipient& recipient : recipients_)
            if (recipient.open)
                settle(recipient, DeliveryStatus::deferred,
                       temporary_failure("4.3.0", "the content of the message is missing"));
    Result<NextHop> hop = parse_next_hop(request_.next_hop, context_.policy.port);
    if (!hop)
        fail_open(permanent_failure("5.4.4", hop.error().text));
    else if (any_open())
        co_await deliver(*hop);
    co_return finish();
}

Task<> Delivery::deliver(NextHop hop) {
    Step step = co_await over_idle_session();
    if (step == Step::done) co_return;
    Route route(context_.resolver, context_.policy, context_.random_below, hop);
    for (;;) {
        Route::Group group = co_await route.next();
        if (!group) {
            // Nothing to try; but what a host said over an idle session before is worth more.
            if (sessions_used_ == 0) fail_open(group.error());
            co_return;
        }
        if (group->empty()) co_return;
        for (dns::MailTarget& target : *group) {
            if (addresses_tried_ >= context_.policy.address_limit ||
                sessions_used_ >= context_.policy.session_limit)
                co_return;
            if (std::ranges::find(tried_, target.address) != tried_.end()) continue;
            step = co_await try_target(hop, target);
            if (step == Step::done) co_return;
        }
    }
}

Task<Delivery::Step> Delivery::over_idle_session() {
    for (;;) {
        std::unique_ptr<Session> session = context_.cache.take(destination());
        if (!session) co_return Step::next;
        ready_us_ = context_.clock.steady_us();
        Step step = co_await over(std::move(session));
        if (step != Step::stale) co_return step;
    }
}

Task<Delivery::Step> Delivery::try_target(NextHop hop, dns::MailTarget target) {
    log_interim();
    ++addresses_tried_;
    Connector::Request request{target, hop.port, smtp::Client::Protocol::smtp, request_.next_hop, {}};
    if (request_.lmtp) request.protocol = smtp::Client::Protocol::lmtp;
    if (hop.look_up_mx) request.loop_domain = hop.host;
    Connector::Opened opened = co_await context_.connector.open(std::move(request));
    ready_us_ = context_.clock.steady_us();
    if (!opened) {
        // Ourselves, behind a better host that failed: we are its backup, and what that host said stands.
        bool behind_another =
            opened.error().permanent && opened.error().dsn == "5.4.6" && addresses_tried_ > 1;
        if (behind_another) co_return Step::done;
        fail_open(opened.error());
        co_return any_open() ? Step::next : Step::done;
    }
    Step step = co_await over(std::move(*opened));
    co_return step;
}

Task<Delivery::Step> Delivery::over(std::unique_ptr<Session> session) {
    check_offers(*session);
    const std::vector<std::size_t> numbers = open_recipients();
    if (numbers.empty()) {
        context_.cache.put(destination(), std::move(session));
        co_return Step::done;
    }
    smtp::Transaction transaction;
    transaction.sender = request_.sender;
    transaction.eight_bit = request_.notes.eight_bit;
    transaction.probe = request_.probe;
    for (std::size_t number : numbers) transaction.recipients.push_back(request_.recipients[number].address);
    smtp::Content content;
    content.fd = request_.file.get();
    // The text is lent to the transaction and comes back for another host.
    content.text = std::move(request_.content);
    content.size = content.fd >= 0 || request_.probe ? request_.notes.size : content.text.size();
    content.leading_dot = request_.notes.leading_dot;
    content.longest_line = request_.notes.longest_line;
    std::optional<Failure> broken;
    try {
        co_await session->client->send(transaction, content, context_.policy.line_limit);
    } catch (const net::Closed& closed) {
        broken = lost(session->target, closed, session->client->stage());
    }
    request_.content = std::move(content.text);
    const smtp::Stage stage = session->client->stage();
    if (broken && stage == smtp::Stage::rset) co_return Step::stale;
    ++sessions_used_;
    tried_.push_back(session->target.address);
    connection_use_ = ++session->uses;
    Step step = judge(*session, transaction, numbers);
    if (!transaction.local_failure.empty()) {
        broken = temporary_failure("4.3.0", transaction.local_failure);
        step = Step::done;
    }
    if (broken) {
        broken->relay = print(session->target, session->port);
        fail_open(*broken);
        if (stage == smtp::Stage::end_of_data) step = Step::done;
    } else if (transaction.reusable) {
        context_.cache.put(destination(), std::move(session));
    }
    co_return step;
}

// Turns the verdicts into outcomes; the recipients without one stay open.
Delivery::Step Delivery::judge(const Session& session, const smtp::Transaction& transaction,
                               const std::vector<std::size_t>& numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::optional<smtp::Verdict>& verdict = transaction.verdicts[i];
        if (!verdict) continue;
        Recipient& recipient = recipients_[numbers[i]];
        Failure result = said(session.target, *verdict);
        result.relay = print(session.target, session.port);
        const smtp::Stage last = request_.probe ? smtp::Stage::rcpt : smtp::Stage::end_of_data;
        if (verdict->stage == last && verdict->reply.positive()) {
            result.dsn = status_of(verdict->reply);
            result.text = result.remote_reply = text::printable(verdict->reply.one_line(), 2000);
            settle(recipient, DeliveryStatus::sent, result);
        } else {
            fail(recipient, result);
        }
    }
    return any_open() ? Step::next : Step::done;
}

// What a host said is logged when another one is tried after it; else it stands in the recipient's own line.
void Delivery::log_interim() {
    std::string last;
    for (const Recipient& recipient : recipients_) {
        if (!recipient.open || recipient.failure.remote_reply.empty() || recipient.failure.text == last)
            continue;
        last = recipient.failure.text;
        log::emit(events::smtp_host_said, request_.queue_id, last);
    }
}

ipc::DeliveryOutcome Delivery::finish() {
    ipc::DeliveryOutcome outcome{};
    const std::int64_t ended_us = context_.clock.steady_us();
    // Where no session was ready, all the time went into looking for one.
    const std::int64_t ready = sessions_used_ > 0 ? ready_us_ : ended_us;
    outcome.setup_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ready - started_us_));
    outcome.transmission_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ended_us - ready));
    outcome.connection_use = connection_use_;
    const std::int64_t before = wall_started_us_ - request_.arrival;
    const std::int64_t delay = before + ended_us - started_us_;
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
        Recipient& recipient = recipients_[i];
        if (recipient.open && recipient.failure.text.empty())
            recipient.failure = temporary_failure("4.4.1", "no mail host could be tried");
        if (recipient.open) settle(recipient, DeliveryStatus::deferred, recipient.failure);
        const ipc::DeliveryRecipient& asked = request_.recipients[i];
        const ipc::RecipientOutcome& result = recipient.outcome;
        log::emit(events::delivery, request_.queue_id, asked.address,
                  asked.original == asked.address ? std::string() : asked.original, result.relay,
                  connection_use_ > 1 ? std::to_string(connection_use_) : std::string(),
                  text::print_delay(delay),
                  text::print_delays(before, 0, static_cast<std::int64_t>(outcome.setup_us),
                                     static_cast<std::int64_t>(outcome.transmission_us)),
                  result.dsn, name_of(result.status, request_.probe), result.text);
        outcome.recipients.push_back(std::move(recipient.outcome));
    }
    return outcome;
}

}  // namespace ekiden::relay
