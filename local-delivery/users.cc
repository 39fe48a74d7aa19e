#include "local-delivery/users.h"

#include <algorithm>

#include "common/log/events.h"
#include "common/text/ascii.h"
#include "local-delivery/local_outcome.h"
#include "local-delivery/probe.h"

namespace ekiden::local_delivery {
namespace {

using ipc::DeliveryStatus;
using ipc::Destination;

bool asks_forward(const ipc::DeliveryRecipient& recipient) {
    return recipient.destination == Destination::user || recipient.destination == Destination::forward_file;
}

// Only the user's own file can lead back to him: whatever else is final came out of an expansion that was
// looked at before.
bool goes_in_a_circle(const ipc::Deliver& message) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    return asks_forward(recipient) &&
           std::ranges::any_of(message.notes.delivered_to, [&](const std::string& address) {
               return text::equal_ignoring_case(address, recipient.address);
           });
}

// His .forward names nobody, or is not ours to read: the mailbox that another transport has.
ipc::RecipientOutcome own_mailbox(const ipc::DeliveryRecipient& recipient) {
    ipc::RecipientOutcome outcome = local_outcome(recipient, DeliveryStatus::expanded, "2.0.0", "");
    outcome.expansion.push_back({Destination::user_mailbox, ""});
    return outcome;
}

// Reading a list needs no content.
ipc::Deliver question_of(const ipc::Deliver& message) {
    ipc::Deliver question{};
    question.queue_id = message.queue_id;
    question.recipients = message.recipients;
    return question;
}

ipc::RecipientOutcome refused(const ipc::DeliveryRecipient& recipient, const Error& error) {
    bool users = asks_forward(recipient) || recipient.destination == Destination::user_mailbox;
    if (error.kind == ErrorKind::denied && recipient.destination == Destination::forward_file)
        return own_mailbox(recipient);
    if (error.kind == ErrorKind::not_found && users)
        return local_outcome(recipient, DeliveryStatus::bounced, "5.1.1", error.text);
    return local_outcome(recipient, DeliveryStatus::deferred, error.temporary() ? "4.3.0" : "4.3.5",
                         error.text);
}

}  // namespace

Task<ipc::RecipientOutcome> Users::deliver(ipc::Deliver message) {
    const ipc::DeliveryRecipient recipient = message.recipients.front();
    if (goes_in_a_circle(message))
        co_return local_outcome(recipient, DeliveryStatus::bounced, "5.4.6",
                                "mail forwarding loop for " + recipient.address);
    Result<Account> account = find_account(recipient.user, settings_.accounts);
    if (!account) co_return refused(recipient, account.error());
    Result<ipc::RecipientOutcome> done = co_await deliver_as(std::move(*account), std::move(message));
    if (!done) co_return local_outcome(recipient, DeliveryStatus::deferred, "4.3.0", done.error().text);
    co_return std::move(*done);
}

Task<Result<ipc::RecipientOutcome>> Users::deliver_as(Account account, ipc::Deliver message) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    std::string target = recipient.target;
    switch (recipient.destination) {
        case Destination::user:
        case Destination::forward_file: {
            Result<ipc::RecipientOutcome> forward =
                co_await children_.ask(home_of(account), question_of(message));
            if (!forward || forward->status != DeliveryStatus::expanded || !forward->expansion.empty())
                co_return forward;
            if (!forward->text.empty())
                log::emit(events::forward_ignored, message.queue_id, account.name, forward->text);
            if (recipient.destination == Destination::forward_file) co_return own_mailbox(recipient);
            break;
        }
        case Destination::user_mailbox: break;
        case Destination::command: {
            if (message.probe) co_return probed_user(recipient, settings_);
            Result<ipc::RecipientOutcome> done = co_await run_(std::move(message));
            co_return done;
        }
        case Destination::file: {
            if (message.probe) co_return probed_user(recipient, settings_);
            Scope scope = beside(Scope::Kind::file, account, target);
            Result<ipc::RecipientOutcome> done = co_await children_.ask(std::move(scope), std::move(message));
            co_return done;
        }
        case Destination::include: {
            Scope scope = beside(Scope::Kind::list, account, target);
            Result<ipc::RecipientOutcome> done =
                co_await children_.ask(std::move(scope), question_of(message));
            co_return done;
        }
        case Destination::address: co_return malformed("not a user of this host");
    }
    Result<ipc::RecipientOutcome> done = co_await deliver_to_mailbox(std::move(account), std::move(message));
    co_return done;
}

Task<Result<ipc::RecipientOutcome>> Users::deliver_to_mailbox(Account account, ipc::Deliver message) {
    ipc::DeliveryRecipient& recipient = message.recipients.front();
    recipient.destination = Destination::user_mailbox;
    if (recipient.target.empty()) recipient.target = settings_.mailbox_command;
    if (message.probe) co_return probed_user(recipient, settings_);
    if (!recipient.target.empty()) {
        recipient.destination = Destination::command;
        Result<ipc::RecipientOutcome> done = co_await run_(std::move(message));
        co_return done;
    }
    Scope scope = settings_.home_mailbox.empty() ? spool_of(account) : home_of(account);
    Result<ipc::RecipientOutcome> done = co_await children_.ask(std::move(scope), std::move(message));
    co_return done;
}

}  // namespace ekiden::local_delivery
