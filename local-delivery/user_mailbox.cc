#include "local-delivery/user_mailbox.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "common/base/owned_fd.h"
#include "common/mailbox/maildir_delivery.h"
#include "common/mailbox/mbox_delivery.h"
#include "local-delivery/local_outcome.h"

namespace ekiden::local_delivery {
namespace {

using ipc::DeliveryStatus;

DeliveryStatus status_of(mailbox::Fate fate) {
    switch (fate) {
        case mailbox::Fate::delivered: return DeliveryStatus::sent;
        case mailbox::Fate::deferred: return DeliveryStatus::deferred;
        case mailbox::Fate::bounced: return DeliveryStatus::bounced;
    }
    return DeliveryStatus::deferred;
}

// Where a mailbox is: `path` below `directory`.
struct Place {
    std::string directory;
    std::string path;
    bool maildir = false;
    bool named_by_alias = false;  // a file that somebody named, not a mailbox of ours
};

struct Delivery {
    const ipc::Deliver& message;
    const LocalSettings& settings;
    const Place& place;
    int directory;

    ipc::RecipientOutcome outcome(DeliveryStatus status, std::string dsn, std::string text) const {
        return local_outcome(message.recipients.front(), status, std::move(dsn), std::move(text));
    }
    std::uint64_t size() const { return message.file ? message.notes.size : message.content.size(); }
    mailbox::Content content() const { return {message.content, message.file.get()}; }

    ipc::RecipientOutcome to_maildir() const {
        std::string header = final_header(message);
        if (settings.size_limit > 0 && header.size() + size() > settings.size_limit)
            return outcome(DeliveryStatus::bounced, "5.2.3",
                           fmt::format("message size {} exceeds mailbox_size_limit {}",
                                       header.size() + size(), settings.size_limit));
        mailbox::MaildirDelivery order;
        order.mail_root = directory;
        order.mailbox = place.path;
        order.queue_id = message.queue_id;
        order.recipient = message.recipients.front().index;
        order.arrival_seconds = message.arrival / 1'000'000;
        order.host = settings.host;
        order.added_header = std::move(header);
        order.content = content();
        order.content_size = size();
        order.first_attempt = message.first_attempt;
        order.flush = settings.flush;
        mailbox::MaildirOutcome done = mailbox::deliver(order);
        return outcome(status_of(done.fate), std::move(done.dsn), std::move(done.text));
    }

    ipc::RecipientOutcome to_mbox() const {
        mailbox::MboxDelivery order;
        order.directory = directory;
        order.path = place.path;
        order.sender = message.sender;
        order.arrival_seconds = message.arrival / 1'000'000;
        order.added_header = final_header(message);
        order.content = content();
        order.content_size = size();
        order.mailbox_limit = settings.size_limit;
        order.first_attempt = message.first_attempt;
        order.flush = settings.flush;
        order.locking = settings.locking;
        if (place.named_by_alias) {
            order.any_owner = order.null_device = order.locking.dotlock_may_fail = true;
            order.success = "delivered to file: " + message.recipients.front().target;
        }
        mailbox::MboxOutcome done = mailbox::deliver(order);
        return outcome(status_of(done.fate), std::move(done.dsn), std::move(done.text));
    }
};

ipc::RecipientOutcome deliver_to(const Place& place, const ipc::Deliver& message,
                                 const LocalSettings& settings) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    if (!mailbox::is_safe_mailbox_path(place.path))
        return local_outcome(recipient, DeliveryStatus::bounced, "5.3.5",
                             fmt::format("bad path of a mailbox: {}/{}", place.directory, place.path));
    OwnedFd directory(open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno == EACCES)  // one that may be passed through, but not listed
        directory.reset(open(place.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return local_outcome(recipient, DeliveryStatus::deferred, "4.3.5",
                             system_error("cannot open directory " + place.directory, errno).error().text);
    Delivery delivery{message, settings, place, directory.get()};
    return place.maildir ? delivery.to_maildir() : delivery.to_mbox();
}

}  // namespace

ipc::RecipientOutcome deliver_to_home(const ipc::Deliver& message, const Account& account,
                                      const LocalSettings& settings) {
    std::string path = settings.home_mailbox;
    path.erase(0, path.find_first_not_of('/'));
    return deliver_to({account.home, path, path.ends_with('/')}, message, settings);
}

ipc::RecipientOutcome deliver_to_spool(const ipc::Deliver& message, const Account& account,
                                       const LocalSettings& settings) {
    std::string path = account.name + (settings.spool_is_maildirs ? "/" : "");
    return deliver_to({settings.spool_directory, path, settings.spool_is_maildirs}, message, settings);
}

ipc::RecipientOutcome deliver_to_file(const ipc::Deliver& message, const LocalSettings& settings) {
    std::string path = message.recipients.front().target;
    bool maildir = path.ends_with('/');
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    std::size_t slash = path.rfind('/');
    Place place{path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1), maildir, true};
    if (maildir) place.path += '/';
    return deliver_to(place, message, settings);
}

}  // namespace ekiden::local_delivery
