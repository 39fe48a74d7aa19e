#include "local-delivery/command_starter.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/log/logger.h"
#include "common/process/sandbox.h"
#include "local-delivery/children.h"
#include "local-delivery/command_run.h"
#include "local-delivery/local_outcome.h"

// How: starter and runner speak the parent's language on socketpairs: one `deliver` in, its outcome out.
namespace ekiden::local_delivery {
namespace {

using ipc::DeliveryStatus;

constexpr Milliseconds grace = std::chrono::seconds(60);  // for what comes before and after a command

ipc::RecipientOutcome put_off(const ipc::DeliveryRecipient& recipient, const char* dsn, std::string text) {
    return local_outcome(recipient, DeliveryStatus::deferred, dsn, std::move(text));
}

Result<ipc::RecipientOutcome> only_one(Result<ipc::DeliveryOutcome> outcome) {
    if (!outcome) return pass(outcome);
    if (outcome->recipients.size() != 1) return temporary("the process of a command answered nonsense");
    return std::move(outcome->recipients.front());
}

// In its process: becomes the user, runs the one command that it is told, ends with the channel.
class Runner {
  public:
    Runner(pid_t starter, Account account, const LocalSettings& settings)
        : account_(std::move(account)), settings_(settings), became_(become(starter)) {}

    int live(OwnedFd channel) {
        ipc::Dispatcher dispatcher;
        dispatcher.answer<ipc::Deliver>(
            [this](ipc::Deliver message, ipc::Sender) { return run(std::move(message)); });
        ipc::Sender starter{ipc::Service::manager, 0, 0, getppid(), "qmgr"};
        ipc::Channel from_starter(loop_, std::move(channel), ipc::Service::local_delivery, starter,
                                  dispatcher, [this](ipc::Channel&) { loop_.stop(); });
        loop_.run();
        return 0;
    }

  private:
    Result<> become(pid_t starter) const {
        // Its group is its one group, as in Postfix: not those of /etc/group.
        if (settings_.accounts.as_root)
            if (Result<> became = process::become(account_.uid, account_.gid, {account_.gid}); !became)
                return became;
        if (!process::die_with_parent(starter)) return temporary("the starter is gone");
        return {};
    }

    Task<Result<ipc::DeliveryOutcome>> run(ipc::Deliver message) {
        if (!became_) co_return pass(became_);
        if (message.recipients.size() != 1) co_return malformed("a command is for one recipient");
        Result<CommandEnd> end = run_command(message, account_, settings_);
        if (!end) co_return pass(end);
        ipc::DeliveryOutcome outcome{};
        outcome.recipients.push_back(outcome_of(*end, message.recipients.front()));
        co_return outcome;
    }

    const Account account_;
    const LocalSettings& settings_;
    const Result<> became_;
    event::Loop loop_;
};

class Starter {
  public:
    explicit Starter(const LocalSettings& settings)
        : settings_(settings), ended_(loop_, SIGCHLD, [] {
              while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
          }) {}

    int live(OwnedFd channel) {
        ipc::Dispatcher dispatcher;
        dispatcher.answer<ipc::Deliver>(
            [this](ipc::Deliver message, ipc::Sender) { return run(std::move(message)); });
        ipc::Sender parent{ipc::Service::manager, 0, 0, getppid(), "qmgr"};
        ipc::Channel from_parent(loop_, std::move(channel), ipc::Service::local_delivery, parent, dispatcher,
                                 [this](ipc::Channel&) { loop_.stop(); });
        loop_.run();
        return 0;
    }

  private:
    struct Counted {
        explicit Counted(std::size_t& count) : counter(count) { ++counter; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        ~Counted() { --counter; }
        std::size_t& counter;
    };

    Task<Result<ipc::DeliveryOutcome>> run(ipc::Deliver message) {
        if (message.recipients.size() != 1) co_return malformed("a command is for one recipient");
        const ipc::DeliveryRecipient recipient = message.recipients.front();
        ipc::DeliveryOutcome outcome{};
        // Its own look and its own rules, whatever the parent found.
        Result<Account> account = find_account(recipient.user, settings_.accounts);
        if (!account) {
            outcome.recipients.push_back(put_off(recipient, "4.3.5", account.error().text));
            co_return outcome;
        }
        if (running_ >= settings_.most_commands) {
            outcome.recipients.push_back(put_off(recipient, "4.3.2", "too many commands run already"));
            co_return outcome;
        }
        Counted counted(running_);
        Result<OwnedFd> end = start_runner(std::move(*account));
        if (!end) co_return pass(end);
        ipc::Sender runner{ipc::Service::local_delivery, 0, 0, 0, "local"};
        ipc::Channel channel(loop_, std::move(*end), ipc::Service::manager, runner, no_questions_,
                             [](ipc::Channel&) {});
        Result<ipc::DeliveryOutcome> done =
            co_await channel.ask(std::move(message), settings_.command_time + grace);
        co_return done;
    }

    Result<OwnedFd> start_runner(Account account) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            return system_error("cannot start a command", errno);
        OwnedFd ours(ends[0]), theirs(ends[1]);
        pid_t self = getpid();
        pid_t pid = fork();
        if (pid < 0) return system_error("cannot start a command", errno);
        if (pid > 0) return ours;
        close_others(theirs.get());
        signal(SIGCHLD, SIG_DFL);
        _exit(Runner(self, std::move(account), settings_).live(std::move(theirs)));
    }

    const LocalSettings& settings_;
    event::Loop loop_;
    event::UnixSignal ended_;
    ipc::Dispatcher no_questions_;
    std::size_t running_ = 0;
};

int live_as_starter(OwnedFd channel, pid_t parent, const LocalSettings& settings) {
    log::set_sink(nullptr);  // the parent's way to the logger is not ours
    close_others(channel.get());
    prctl(PR_SET_NAME, "local-commands");
    prctl(PR_SET_DUMPABLE, 0);
    if (!process::die_with_parent(parent)) return 1;
    return Starter(settings).live(std::move(channel));
}

}  // namespace

Result<StarterEnd> fork_command_starter(const LocalSettings& settings) {
    if (!settings.runs_commands()) return StarterEnd{0, OwnedFd()};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return system_error("cannot make the process that starts commands", errno);
    OwnedFd ours(ends[0]), theirs(ends[1]);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) return system_error("cannot make the process that starts commands", errno);
    if (pid == 0) _exit(live_as_starter(std::move(theirs), parent, settings));
    return StarterEnd{pid, std::move(ours)};
}

CommandStarter::CommandStarter(event::Loop& loop, StarterEnd end, const LocalSettings& settings,
                               std::function<void()> lost)
    : settings_(settings) {
    if (!end.channel) return;
    ipc::Sender peer{ipc::Service::local_delivery, 0, 0, end.pid, "local"};
    channel_ =
        std::make_unique<ipc::Channel>(loop, std::move(end.channel), ipc::Service::manager, peer,
                                       no_questions_, [lost = std::move(lost)](ipc::Channel&) { lost(); });
}

Task<Result<ipc::RecipientOutcome>> CommandStarter::run(ipc::Deliver message) {
    if (!channel_) {
        ipc::DeliveryRecipient recipient = message.recipients.front();
        co_return local_outcome(recipient, DeliveryStatus::bounced, "5.7.1", "mail to command is restricted");
    }
    std::uint32_t index = message.recipients.front().index;
    Result<ipc::DeliveryOutcome> outcome =
        co_await channel_->ask(std::move(message), settings_.command_time + 2 * grace);
    Result<ipc::RecipientOutcome> one = only_one(std::move(outcome));
    if (one) one->index = index;
    co_return one;
}

}  // namespace ekiden::local_delivery
