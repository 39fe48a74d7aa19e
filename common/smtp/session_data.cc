// DATA: the content is read whole whatever happens to it, so that the client's next command is understood;
// then the queue makes it durable, and only then the client reads 250.
#include "common/log/events.h"
#include "common/smtp/session.h"

namespace ekiden::smtp {

bool Session::bare_newline_refused() const {
    return options().bare_newline == BareNewline::reject &&
           !options().bare_newline_exclusions.contains(facts_.address);
}

Task<Reply> Session::on(Data) {
    MailTransaction& transaction = *facts_.transaction;
    if (transaction.recipients.empty()) {
        bool refused = transaction.refused_recipients > 0;
        co_return refused ? Reply(554, "5.5.1 Error: no valid recipients")
                          : Reply(503, "5.5.1 Error: need RCPT command");
    }
    const Restrictions& lists = options().restrictions;
    if (!lists.data.empty()) {
        Evaluation evaluation{.facts = facts_, .backend = server_.backend, .codes = lists.codes};
        Decision decision = co_await lists.data.evaluate(evaluation);
        log_notes("DATA", evaluation);
        if (decision.kind == Decision::Kind::refuse) {
            log_refusal("DATA", decision.reply, "");
            co_return std::move(decision.reply);
        }
    }
    Result<std::string> queue_id = co_await server_.take_queue_id();
    if (!queue_id) {
        log_trouble("manager", queue_id.error());
        co_return storage_reply(queue_id.error());
    }
    transaction.queue_id = *queue_id;
    Reply reply = co_await receive(std::move(*queue_id));
    facts_.transaction.reset();
    if (reply.positive()) junk_ = 0;
    co_return reply;
}

std::string Session::received_field(std::string_view queue_id) const {
    const MailTransaction& transaction = *facts_.transaction;
    mail::Received received;
    received.helo = facts_.helo;
    received.client_name = facts_.client_name;
    received.client_address = facts_.address_text;
    if (options().tls_in_received) received.tls = facts_.tls;
    if (options().login_in_received) received.sasl_user = facts_.login;
    received.pop_before_smtp = transaction.grant_user;
    received.by = options().hostname;
    received.mail_name = options().mail_name;
    received.protocol = facts_.protocol();
    received.queue_id = queue_id;
    if (transaction.recipients.size() == 1) received.recipient = transaction.recipients.front().address;
    received.utc_seconds = system_clock().wall_seconds();
    return mail::received_field(received);
}

Task<Reply> Session::receive(std::string queue_id) {
    const MailTransaction& transaction = *facts_.transaction;
    log::emit(events::smtpd_client, queue_id, facts_.client_name, facts_.address_text,
              facts_.login.empty() ? std::string() : facts_.sasl_method, facts_.login, transaction.grant_user,
              facts_.session);
    IncomingContent content(server_, facts_, queue_id, received_field(queue_id) + transaction.extra_header);
    stream_.write("354 End data with <CR><LF>.<CR><LF>\r\n");
    bool smuggled = false;
    content_octets_ = 0;
    while (!content.done() && !smuggled) {
        co_await stream_.fill(patience(options().data_timeout));
        std::size_t used = content.take(stream_.buffered());
        stream_.consume(used);
        content_octets_ = content.facts().size;
        smuggled = content.facts().bare_lf && bare_newline_refused();
        co_await content.settle();
    }
    content_octets_.reset();
    stage_ = "END-OF-MESSAGE";
    bare_lf_ |= content.facts().bare_lf && options().bare_newline != BareNewline::no;
    std::optional<Reply> refusal = content.refusal();
    if (smuggled) {
        // Where such a message ends is the very question that smuggling asks: no more is read.
        closing_ = true;
        refusal =
            Reply(options().bare_newline_code, "5.5.2 " + options().hostname + " Error: bare <LF> received");
    }
    if (refusal) {
        log_refusal("END-OF-MESSAGE", *refusal, "");
        co_return std::move(*refusal);
    }
    Reply reply = co_await commit(content, std::move(queue_id));
    co_return reply;
}

Task<Reply> Session::commit(IncomingContent& content, std::string queue_id) {
    MailTransaction& transaction = *facts_.transaction;
    ipc::Commit commit{};
    content.fill(commit);
    commit.queue_id = queue_id;
    commit.sender = std::move(transaction.sender);
    commit.envelope_id = decode_xtext(transaction.mail.envid);
    commit.return_content = transaction.mail.ret == DsnReturn::headers ? 1
                            : transaction.mail.ret == DsnReturn::full  ? 2
                                                                       : 0;
    commit.recipients = std::move(transaction.recipients);
    commit.arrival = system_clock().wall_us();
    commit.client_name = facts_.client_name;
    commit.client_address = facts_.address_text;
    commit.helo = facts_.helo;
    commit.protocol = facts_.protocol();
    commit.login = facts_.login;
    commit.grant_user = transaction.grant_user;
    Result<ipc::Committed> committed = co_await server_.backend.ask(std::move(commit));
    if (!committed) {
        server_.forget_queue_ids();
        log_trouble("manager", committed.error());
        co_return storage_reply(committed.error());
    }
    content.committed();
    ++server_.messages;
    co_return Reply(250, "2.0.0 Ok: queued as " + queue_id);
}

}  // namespace ekiden::smtp
