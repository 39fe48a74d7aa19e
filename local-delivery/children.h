#pragma once
// The delivery processes: one for each owner and scope, forked by the root parent when its first message
// comes, uid and gid for good, confined to what the scope needs, working on many messages at a time. The
// parent looks at no content: it checks the uid against its own rules, whatever it was told, and passes the
// message on. Without root all keep the uid of the suite.
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/event/loop.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/delivery.h"
#include "local-delivery/mailbox_delivery.h"
#include "local-delivery/scope.h"

namespace ekiden::local_delivery {

struct ChildSettings {
    bool as_root = false;             // become the mailbox's owner; else stay who we are
    std::uint32_t minimum_uid = 100;  // virtual_minimum_uid
    std::string mail_root;            // virtual_mailbox_base
    Milliseconds timeout{0};          // delivery_timeout
    MailboxSettings mailbox;
    LocalSettings local;
};

// The life of a delivery process after fork: become the owner, confine, serve until the channel closes.
// Returns the exit status.
int run_child(OwnedFd channel, pid_t parent, unsigned uid, unsigned gid, const ChildSettings& settings);
// The same for every other scope than virtual mailboxes.
int run_local_child(OwnedFd channel, pid_t parent, const Scope& scope, const ChildSettings& settings);

// Only 0, 1, 2 and the channel stay: master's and the manager's channels are the parent's.
void close_others(int channel);

class Children {
  public:
    Children(event::Loop& loop, ChildSettings settings);
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;
    ~Children();

    // Delivers to the one recipient of the message, a virtual mailbox, in the process of its owner.
    Task<ipc::RecipientOutcome> deliver(ipc::Deliver message);
    // What the process of that scope answers. An error: it is gone or hangs, and nobody knows what it did.
    Task<Result<ipc::RecipientOutcome>> ask(Scope scope, ipc::Deliver message);
    // Processes that live now.
    std::size_t size() const { return children_.size(); }
    // Ends them, and waits until no child of this process is left, at most that time.
    Task<> end(Milliseconds time);

  private:
    struct Child {
        pid_t pid;
        std::unique_ptr<ipc::Channel> channel;
        std::uint64_t last_used;
    };
    Result<std::shared_ptr<Child>> child_of(const Scope& scope);
    Result<std::shared_ptr<Child>> start(const Scope& scope);
    void lost(const ipc::Channel& channel);
    void make_room();
    void reap();
    static bool none_left();

    event::Loop& loop_;
    ChildSettings settings_;
    ipc::Dispatcher no_questions_;  // children only answer
    std::map<Scope, std::shared_ptr<Child>> children_;
    std::uint64_t uses_ = 0;
    event::Signal reaped_;
    event::UnixSignal child_ended_;
};

}  // namespace ekiden::local_delivery
