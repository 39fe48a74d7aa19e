// MAIL and RCPT: who sends, to whom, and whether they may.
#include <fmt/format.h>

#include "common/log/events.h"
#include "common/smtp/session.h"

namespace ekiden::smtp {

std::string counted_address(const SessionOptions& options, const net::IpAddress& address) {
    return address.masked(address.v6() ? options.ipv6_prefix : options.ipv4_prefix).print();
}

std::string Session::complete(const mail::Address& path) const {
    std::string address = path.print();
    if (path.domain.empty() && !path.null()) address += "@" + options().origin;
    return address;
}

// Counts an event of this client at authd; a reply when it is one too many.
Task<std::optional<Reply>> Session::over_rate(ipc::ClientEvent event, unsigned limit, std::string what) {
    if (limit == 0 || options().rate_exceptions.contains(facts_.address)) co_return std::nullopt;
    ipc::CountClient question{facts_.service, counted_address(options(), facts_.address), event};
    Result<ipc::ClientCounts> counts = co_await server_.backend.ask(std::move(question));
    if (!counts) log_trouble("authd", counts.error());
    if (!counts || counts->rate <= limit) co_return std::nullopt;
    log::emit(events::smtpd_limit, what + " rate", counts->rate, facts_.client_name, facts_.address_text,
              facts_.service);
    std::string subject = event == ipc::ClientEvent::message     ? "too much mail"
                          : event == ipc::ClientEvent::recipient ? "too many recipients"
                          : event == ipc::ClientEvent::auth      ? "too many AUTH commands"
                                                                 : "too many new TLS sessions";
    co_return Reply(450, "4.7.1 Error: " + subject + " from " + facts_.address_text);
}

Task<Reply> Session::on(Mail mail) {
    const SessionOptions& o = options();
    if (o.helo_required && facts_.helo.empty()) co_return Reply(503, "5.5.1 Error: send HELO/EHLO first");
    if (o.size_limit != 0 && mail.size.value_or(0) > o.size_limit) {
        Reply reply(552, "5.3.4 Message size exceeds fixed limit");
        log_refusal("MAIL", reply, "");
        co_return reply;
    }
    std::optional<Reply> limited =
        co_await over_rate(ipc::ClientEvent::message, o.message_rate_limit, "Message delivery request");
    if (limited) co_return std::move(*limited);
    MailTransaction transaction;
    transaction.sender = complete(mail.path);
    transaction.mail = std::move(mail);
    transaction.begun = system_clock().steady_us();
    facts_.transaction = std::move(transaction);
    std::optional<Reply> refused = co_await judge_sender();
    if (refused) {
        log_refusal("MAIL", *refused, "");
        facts_.transaction.reset();
        co_return std::move(*refused);
    }
    co_return Reply(250, "2.1.0 Ok");
}

// The policy's word on the sender; and with smtpd_delay_reject = no the lists about client, HELO and sender.
Task<std::optional<Reply>> Session::judge_sender() {
    std::optional<Reply> refused =
        co_await server_.policy.at_mail(facts_, facts_.transaction->sender, server_.backend);
    if (refused || options().delay_reject) co_return refused;
    const Restrictions& lists = options().restrictions;
    Evaluation evaluation{.facts = facts_, .backend = server_.backend, .codes = lists.codes};
    for (const RestrictionList* list : {&lists.client, &lists.helo, &lists.sender}) {
        Decision decision = co_await list->evaluate(evaluation);
        log_notes("MAIL", evaluation);
        if (decision.kind == Decision::Kind::refuse) co_return std::move(decision.reply);
    }
    co_return std::nullopt;
}

Task<Reply> Session::on(Rcpt rcpt) {
    MailTransaction& transaction = *facts_.transaction;
    if (transaction.recipients.size() >= options().recipient_limit) {
        // RFC 5321 §4.5.3.1.10: 452; the client sends the rest in a transaction of its own. It is no error
        // yet.
        forgiven_ = transaction.refused_recipients++ < options().overshoot_limit;
        co_return Reply(452, "4.5.3 Error: too many recipients");
    }
    std::optional<Reply> limited =
        co_await over_rate(ipc::ClientEvent::recipient, options().recipient_rate_limit, "Recipient address");
    if (limited) co_return std::move(*limited);
    std::string recipient = complete(rcpt.path);
    Reply reply = co_await judge_recipient(std::move(rcpt), recipient);
    if (reply.code >= 400) {
        if (facts_.transaction) ++facts_.transaction->refused_recipients;
        log_refusal("RCPT", reply, recipient);
    }
    co_return reply;
}

Task<Reply> Session::judge_recipient(Rcpt rcpt, std::string recipient) {
    const Restrictions& lists = options().restrictions;
    MailTransaction& transaction = *facts_.transaction;
    Evaluation evaluation{
        .facts = facts_, .backend = server_.backend, .codes = lists.codes, .recipient = recipient};
    ipc::VerifyRecipient question{recipient, transaction.sender};
    Result<ipc::RecipientVerdict> verdict = co_await server_.backend.ask(std::move(question));
    if (!verdict) {
        log_trouble("router", verdict.error());
        co_return Reply(451, "4.3.0 <" + recipient + ">: Temporary lookup failure");
    }
    evaluation.verdict = std::move(*verdict);
    for (const RestrictionList* list :
         {&lists.client, &lists.helo, &lists.sender, &lists.relay, &lists.recipient}) {
        if (list->empty()) continue;
        bool judged_at_mail = !options().delay_reject && list != &lists.relay && list != &lists.recipient;
        if (judged_at_mail) continue;
        Decision decision = co_await list->evaluate(evaluation);
        log_notes("RCPT", evaluation);
        if (decision.kind == Decision::Kind::refuse) co_return std::move(decision.reply);
    }
    if (lists.reject_unlisted && evaluation.for_us() && !evaluation.verdict->known)
        co_return Reply(evaluation.verdict->code, evaluation.verdict->text);
    if (transaction.grant_user.empty()) transaction.grant_user = evaluation.grant_user;
    transaction.recipients.push_back({std::move(recipient), decode_xtext(rcpt.orcpt), rcpt.notify});
    co_return Reply(250, "2.1.5 Ok");
}

}  // namespace ekiden::smtp
