#include "local-delivery/children.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/log/events.h"
#include "local-delivery/probe.h"

// How: fork without execve; the child closes every descriptor but its end of the socketpair and runs a loop
// of its own. The parent has no threads, so the child's memory is whole. On that channel the parent speaks in
// the manager's name: it only passes the manager's messages on.
namespace ekiden::local_delivery {
namespace {

constexpr std::size_t most_children = 64;

}  // namespace

Children::Children(event::Loop& loop, ChildSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      reaped_(loop),
      child_ended_(loop, SIGCHLD, [this] { reap(); }) {}

// Closing the channels ends the processes, once they have done what they began.
Children::~Children() = default;

Task<> Children::end(Milliseconds time) {
    children_.clear();
    co_await reaped_.until(none_left, time);
}

Task<ipc::RecipientOutcome> Children::deliver(ipc::Deliver message) {
    ipc::DeliveryRecipient recipient = message.recipients.front();
    Scope scope = mailboxes_of(recipient.uid, recipient.gid);
    if (!settings_.as_root) scope = mailboxes_of(geteuid(), getegid());
    // The parent's own rule, whatever the manager says.
    if (settings_.as_root && (scope.uid == 0 || scope.gid == 0 || scope.uid < settings_.minimum_uid))
        co_return outcome_for(
            recipient, ipc::DeliveryStatus::deferred, "4.3.5",
            fmt::format("mailbox owner uid {} gid {} is not allowed (virtual_minimum_uid {})", scope.uid,
                        scope.gid, settings_.minimum_uid));
    if (message.probe) co_return probed_mailbox(recipient);
    Result<ipc::RecipientOutcome> outcome = co_await ask(scope, std::move(message));
    if (!outcome)
        co_return outcome_for(recipient, ipc::DeliveryStatus::deferred, "4.3.0", outcome.error().text);
    co_return std::move(*outcome);
}

Task<Result<ipc::RecipientOutcome>> Children::ask(Scope scope, ipc::Deliver message) {
    std::uint32_t index = message.recipients.front().index;
    Result<std::shared_ptr<Child>> child = child_of(scope);
    if (!child) co_return pass(child);
    std::shared_ptr<Child> held = *child;
    held->last_used = ++uses_;
    Result<ipc::DeliveryOutcome> outcome = co_await held->channel->ask(std::move(message), settings_.timeout);
    if (!outcome) {
        // Dead, hung or not able to begin: the next message gets a new one.
        log::emit(events::delivery_child_failed, scope.uid, outcome.error());
        lost(*held->channel);
        co_return temporary("the delivery process failed: " + outcome.error().text);
    }
    if (outcome->recipients.size() != 1) co_return temporary("the delivery process answered nonsense");
    outcome->recipients.front().index = index;
    co_return std::move(outcome->recipients.front());
}

Result<std::shared_ptr<Children::Child>> Children::child_of(const Scope& scope) {
    auto found = children_.find(scope);
    if (found != children_.end()) return found->second;
    make_room();
    return start(scope);
}

Result<std::shared_ptr<Children::Child>> Children::start(const Scope& scope) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return system_error("cannot start a delivery process", errno);
    OwnedFd ours(ends[0]), theirs(ends[1]);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) return system_error("cannot start a delivery process", errno);
    if (pid == 0)
        _exit(scope.kind == Scope::Kind::mailboxes
                  ? run_child(std::move(theirs), parent, scope.uid, scope.gid, settings_)
                  : run_local_child(std::move(theirs), parent, scope, settings_));
    ipc::Sender peer{ipc::Service::local_delivery, scope.uid, 0, pid, "virtual"};
    auto child = std::make_shared<Child>();
    child->pid = pid;
    child->channel =
        std::make_unique<ipc::Channel>(loop_, std::move(ours), ipc::Service::manager, peer, no_questions_,
                                       [this](ipc::Channel& channel) { lost(channel); });
    children_[scope] = child;
    return child;
}

// The questions under way hold the child and end with an error; the next message starts a new one.
void Children::lost(const ipc::Channel& channel) {
    for (auto each = children_.begin(); each != children_.end(); ++each)
        if (each->second->channel.get() == &channel) {
            children_.erase(each);
            return;
        }
}

// Ends the process that was used longest ago and has nothing to do.
void Children::make_room() {
    if (children_.size() < most_children) return;
    auto oldest = children_.end();
    for (auto each = children_.begin(); each != children_.end(); ++each)
        if (each->second->channel->pending() == 0 &&
            (oldest == children_.end() || each->second->last_used < oldest->second->last_used))
            oldest = each;
    if (oldest != children_.end()) children_.erase(oldest);
}

void Children::reap() {
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (WIFSIGNALED(status)) log::emit(events::process_killed, "virtual", pid, WTERMSIG(status));
    }
    reaped_.notify_all();
}

bool Children::none_left() {
    siginfo_t unused{};
    return waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

}  // namespace ekiden::local_delivery
