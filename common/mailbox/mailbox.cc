#include "common/mailbox/mailbox.h"

#include <cerrno>

#include "common/base/clock.h"
#include "common/mailbox/maildir.h"
#include "common/mailbox/maildir_delivery.h"
#include "common/mailbox/maildir_files.h"
#include "common/mailbox/mbox.h"

namespace ekiden::mailbox {
namespace {

Result<OpenedMailbox> open_maildir(int mail_root, const std::string& path, std::size_t most) {
    Result<OwnedFd> directory = open_or_create_maildir(mail_root, path, true);
    if (!directory) return pass(directory);
    Result<SessionLock> lock = SessionLock::take(directory->get(), "ekiden-pop3.lock");
    if (!lock) return pass(lock);
    std::int64_t now = system_clock().wall_seconds();
    if (lock->daily(now)) sweep_tmp(directory->get(), now);
    Result<Maildir> maildir = Maildir::open(std::move(*directory), most);
    if (!maildir) return pass(maildir);
    return OpenedMailbox{std::move(*lock), std::make_shared<Maildir>(std::move(*maildir))};
}

Result<OpenedMailbox> open_mbox(int mail_root, const std::string& path, const OpeningSettings& settings) {
    if (!make_parents(mail_root, path, true))
        return system_error("cannot make the directories of " + path, errno);
    Result<SessionLock> lock = SessionLock::take(mail_root, beside(path, ".ekiden-pop3.lock"));
    if (!lock) return pass(lock);
    Result<std::unique_ptr<Mbox>> mbox = Mbox::open(mail_root, path, settings.locking, settings.most);
    if (!mbox) return pass(mbox);
    return OpenedMailbox{std::move(*lock), std::move(*mbox)};
}

}  // namespace

Result<OpenedMailbox> open_mailbox(int mail_root, const std::string& path, const OpeningSettings& settings) {
    if (!is_safe_mailbox_path(path)) return permanent("bad mailbox path");
    return path.ends_with('/') ? open_maildir(mail_root, path, settings.most)
                               : open_mbox(mail_root, path, settings);
}

}  // namespace ekiden::mailbox
