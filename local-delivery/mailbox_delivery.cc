#include "local-delivery/mailbox_delivery.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/mailbox/maildir_delivery.h"
#include "common/mailbox/mbox_delivery.h"
#include "common/text/ascii.h"

namespace ekiden::local_delivery {
namespace {

// RFC 5321 4.4: Return-Path at final delivery. Delivered-To is what the next round would find.
std::string added_header(const ipc::Deliver& message, const ipc::DeliveryRecipient& recipient) {
    std::string out = fmt::format("Return-Path: <{}>\r\n", harmless(message.sender));
    if (!recipient.original.empty() && recipient.original != recipient.address)
        out += fmt::format("X-Original-To: {}\r\n", harmless(recipient.original));
    return out + fmt::format("Delivered-To: {}\r\n", harmless(recipient.address));
}

ipc::DeliveryStatus status_of(mailbox::Fate fate) {
    switch (fate) {
        case mailbox::Fate::delivered: return ipc::DeliveryStatus::sent;
        case mailbox::Fate::deferred: return ipc::DeliveryStatus::deferred;
        case mailbox::Fate::bounced: return ipc::DeliveryStatus::bounced;
    }
    return ipc::DeliveryStatus::deferred;
}

// Nothing is missing at the end of a file that was cut behind our back.
Result<> check_length(const ipc::Deliver& message) {
    struct stat facts{};
    if (!message.file) return {};
    if (fstat(message.file.get(), &facts) != 0) return system_error("cannot examine the message", errno);
    if (static_cast<std::uint64_t>(facts.st_size) >= message.notes.size) return {};
    return temporary("the message is shorter than its envelope says");
}

// What keeps a message from its mailbox before anything is written. One that names this mailbox as one that
// it was delivered to goes in a circle.
std::optional<ipc::RecipientOutcome> refusal(const ipc::Deliver& message) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    bool was_here = std::ranges::any_of(message.notes.delivered_to, [&](const std::string& address) {
        return text::equal_ignoring_case(address, recipient.address);
    });
    if (was_here)
        return outcome_for(recipient, ipc::DeliveryStatus::bounced, "5.4.6",
                           fmt::format("mail forwarding loop for {}", recipient.address));
    if (Result<> whole = check_length(message); !whole)
        return outcome_for(recipient, ipc::DeliveryStatus::deferred, "4.3.0", whole.error().text);
    return std::nullopt;
}

mailbox::MaildirDelivery order_for(const ipc::Deliver& message, int mail_root,
                                   const MailboxSettings& settings) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    mailbox::MaildirDelivery delivery;
    delivery.mail_root = mail_root;
    delivery.mailbox = recipient.mailbox;
    delivery.queue_id = message.queue_id;
    delivery.recipient = recipient.index;
    delivery.arrival_seconds = message.arrival / 1'000'000;
    delivery.host = settings.host;
    delivery.added_header = added_header(message, recipient);
    delivery.content.inline_octets = message.content;
    delivery.content.file = message.file.get();
    delivery.content_size = message.file ? message.notes.size : message.content.size();
    delivery.size_limit = settings.message_limit;
    delivery.quota = recipient.quota;
    delivery.first_attempt = message.first_attempt;
    delivery.flush = settings.flush;
    return delivery;
}

// The limit is that of the file, and so is the quota: an mbox is one file.
MailboxOutcome deliver_to_mbox(const ipc::Deliver& message, int mail_root, const MailboxSettings& settings) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    if (!mailbox::is_safe_mailbox_path(recipient.mailbox))
        return {outcome_for(recipient, ipc::DeliveryStatus::bounced, "5.3.5",
                            fmt::format("bad mailbox path {}", recipient.mailbox))};
    mailbox::MboxDelivery delivery;
    delivery.directory = mail_root;
    delivery.path = recipient.mailbox;
    delivery.make_directories = true;
    delivery.sender = message.sender;
    delivery.arrival_seconds = message.arrival / 1'000'000;
    delivery.added_header = added_header(message, recipient);
    delivery.content = {message.content, message.file.get()};
    delivery.content_size = message.file ? message.notes.size : message.content.size();
    delivery.mailbox_limit = settings.message_limit;
    if (recipient.quota > 0 && (delivery.mailbox_limit == 0 || recipient.quota < delivery.mailbox_limit))
        delivery.mailbox_limit = recipient.quota;
    delivery.first_attempt = message.first_attempt;
    delivery.flush = settings.flush;
    delivery.locking = settings.locking;
    delivery.locking.attempts = 1;
    mailbox::MboxOutcome done = mailbox::deliver(delivery);
    return {outcome_for(recipient, status_of(done.fate), std::move(done.dsn), std::move(done.text)),
            done.locked};
}

}  // namespace

std::string harmless(std::string_view address) {
    std::string out(address);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return out;
}

ipc::RecipientOutcome outcome_for(const ipc::DeliveryRecipient& recipient, ipc::DeliveryStatus status,
                                  std::string dsn, std::string text) {
    ipc::RecipientOutcome outcome{};
    outcome.index = recipient.index;
    outcome.status = status;
    outcome.dsn = std::move(dsn);
    outcome.text = std::move(text);
    outcome.relay = "virtual";
    return outcome;
}

std::vector<MailboxOutcome> deliver_to_mailboxes(const std::vector<const ipc::Deliver*>& messages,
                                                 int mail_root, const MailboxSettings& settings) {
    std::vector<MailboxOutcome> outcomes(messages.size());
    std::vector<mailbox::MaildirDelivery> orders;
    std::vector<std::size_t> places;  // of the orders' messages
    orders.reserve(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (std::optional<ipc::RecipientOutcome> refused = refusal(*messages[i])) {
            outcomes[i].recipient = std::move(*refused);
        } else if (!messages[i]->recipients.front().mailbox.ends_with('/')) {
            outcomes[i] = deliver_to_mbox(*messages[i], mail_root, settings);
        } else {
            orders.push_back(order_for(*messages[i], mail_root, settings));
            places.push_back(i);
        }
    }
    std::vector<const mailbox::MaildirDelivery*> pointers;
    for (const mailbox::MaildirDelivery& order : orders) pointers.push_back(&order);
    std::vector<mailbox::MaildirOutcome> done = mailbox::deliver_all(pointers);
    for (std::size_t i = 0; i < done.size(); ++i)
        outcomes[places[i]].recipient =
            outcome_for(messages[places[i]]->recipients.front(), status_of(done[i].fate),
                        std::move(done[i].dsn), std::move(done[i].text));
    return outcomes;
}

}  // namespace ekiden::local_delivery
