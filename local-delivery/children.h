#pragma once
// The delivery processes: one for each owner of mailboxes, forked by the root parent when its first message
// comes, uid and gid for good, confined to the mail root, working on many messages at a time. The parent
// looks at no content: it checks the uid against its own rules, whatever it was told, and passes the message
// on. Without root there is one process, which keeps the uid of the suite.
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/event/loop.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/delivery.h"
#include "local-delivery/mailbox_delivery.h"

namespace ekiden::local_delivery {

struct ChildSettings {
    bool as_root = false;             // become the mailbox's owner; else stay who we are
    std::uint32_t minimum_uid = 100;  // virtual_minimum_uid
    std::string mail_root;            // virtual_mailbox_base
    Milliseconds timeout{0};          // delivery_timeout
    MailboxSettings mailbox;
};

// The life of a delivery process after fork: become the owner, confine, serve until the channel closes.
// Returns the exit status.
int run_child(OwnedFd channel, pid_t parent, unsigned uid, unsigned gid, const ChildSettings& settings);

class Children {
  public:
    Children(event::Loop& loop, ChildSettings settings);
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;
    ~Children();

    // Delivers to the one recipient of the message in the process of its owner.
    Task<ipc::RecipientOutcome> deliver(ipc::Deliver message);
    // Processes that live now.
    std::size_t size() const { return children_.size(); }

  private:
    struct Owner {
        unsigned uid, gid;
        auto operator<=>(const Owner&) const = default;
    };
    struct Child {
        pid_t pid;
        std::unique_ptr<ipc::Channel> channel;
        std::uint64_t last_used;
    };
    Result<std::shared_ptr<Child>> child_of(Owner owner);
    Result<std::shared_ptr<Child>> start(Owner owner);
    void lost(const ipc::Channel& channel);
    void make_room();
    void reap();

    event::Loop& loop_;
    ChildSettings settings_;
    ipc::Dispatcher no_questions_;  // children only answer
    std::map<Owner, std::shared_ptr<Child>> children_;
    std::uint64_t uses_ = 0;
    event::UnixSignal child_ended_;
};

}  // namespace ekiden::local_delivery
