// How: standard input is fed and the output read by one loop over ppoll(), in which alone SIGCHLD arrives, so
// that no end is missed. The command may close its input, or never read it: that is its business. What it
// leaves running in the background is not waited for.
#include "local-delivery/command_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/base/deadline.h"
#include "common/base/owned_fd.h"
#include "common/mailbox/content.h"
#include "common/mailbox/mbox_format.h"
#include "common/process/sandbox.h"
#include "common/text/ascii.h"
#include "local-delivery/local_outcome.h"

namespace ekiden::local_delivery {
namespace {

constexpr std::size_t kept_output = 10 * 1024;  // octets; what is more is read and forgotten
constexpr std::size_t chunk = 64 * 1024;
constexpr rlim_t usual_descriptors = 1024;
constexpr int could_not_execute = 127;

// Reads, writes, waits and kills; opens nothing.
constexpr process::Row runner_row{ipc::Service::local_delivery,
                                  "local-delivery",
                                  "local",
                                  nullptr,
                                  /*empty_root=*/true,
                                  /*internet=*/false,
                                  /*unix_datagrams=*/false,
                                  /*children=*/true,
                                  /*speaks_tls=*/false,
                                  /*reloads_in_place=*/false};

struct Pipe {
    OwnedFd read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return system_error("cannot make a pipe for a command", errno);
    return Pipe{OwnedFd(ends[0]), OwnedFd(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (std::string& string : strings) out.push_back(string.data());
    out.push_back(nullptr);
    return out;
}

// As the user's own shell would have it, whatever this suite has changed for itself.
void usual_circumstances(const std::string& directory) {
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur > usual_descriptors) {
        descriptors.rlim_cur = usual_descriptors;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    umask(077);
    if (chdir(directory.c_str()) != 0 && chdir("/") != 0) _exit(could_not_execute);
}

struct Program {
    std::vector<std::string> words, shell, environment;
    bool only_shell;
};

Program program_for(const ipc::Deliver& message, const Account& account, const LocalSettings& settings) {
    const std::string& command = message.recipients.front().target;
    return {text::split(command, " \t"),
            {"sh", "-c", command},
            environment_of(message, account, settings),
            needs_shell(command)};
}

// In the new process. Says on `report` why nothing could be executed.
[[noreturn]] void become_command(Program program, const std::string& directory, int input, int output,
                                 int report) {
    pid_t parent = getppid();
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(could_not_execute);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || dup2(report, 3) < 0 ||
        fcntl(3, F_SETFD, FD_CLOEXEC) != 0)
        _exit(could_not_execute);
    close_range(4, ~0u, 0);
    usual_circumstances(directory);
    // Its own PATH, not ours, says where it is.
    std::vector<char*> environment = pointers(program.environment);
    environ = environment.data();
    if (!program.only_shell && !program.words.empty()) {
        std::vector<char*> words = pointers(program.words);
        execvp(words[0], words.data());
        // Without a slash it may be a word of the shell's own.
        if (errno != ENOENT || program.words[0].find('/') != std::string::npos) {
            std::string why = fmt::format("cannot execute {}: {}", program.words[0], strerror(errno));
            [[maybe_unused]] ssize_t said = write(3, why.data(), why.size());
            _exit(could_not_execute);
        }
    }
    std::vector<char*> shell = pointers(program.shell);
    execve("/bin/sh", shell.data(), environment.data());
    std::string why = fmt::format("cannot execute /bin/sh: {}", strerror(errno));
    [[maybe_unused]] ssize_t said = write(3, why.data(), why.size());
    _exit(could_not_execute);
}

// The message as the command reads it: "From " line, header of final delivery, LF line ends, nothing quoted.
class Input {
  public:
    explicit Input(const ipc::Deliver& message) : message_(message) {
        waiting_ = mailbox::from_line(message.sender, message.arrival / 1'000'000);
        stripper_.feed(final_header(message), waiting_);
    }
    // What comes next; empty at the end. An error: the content cannot be read.
    Result<std::string_view> next() {
        while (waiting_.size() == sent_ && !ended_) {
            waiting_.clear();
            sent_ = 0;
            Result<> more = read_more();
            if (!more) return pass(more);
        }
        return std::string_view(waiting_).substr(sent_);
    }
    void sent(std::size_t octets) { sent_ += octets; }

  private:
    Result<> read_more() {
        std::string_view content = message_.content;
        if (message_.file) {
            buffer_.resize(chunk);
            ssize_t n = pread(message_.file.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(at_));
            if (n < 0 && errno != EINTR) return system_error("cannot read the message", errno);
            if (n < 0) return {};
            take(std::string_view(buffer_).substr(0, static_cast<std::size_t>(n)));
        } else {
            take(content.substr(std::min<std::size_t>(at_, content.size()), chunk));
        }
        return {};
    }
    void take(std::string_view octets) {
        at_ += octets.size();
        if (octets.empty()) {
            stripper_.finish(waiting_);
            ended_ = true;
        } else {
            stripper_.feed(octets, waiting_);
        }
    }

    const ipc::Deliver& message_;
    mailbox::LineEndStripper stripper_;
    std::string waiting_, buffer_;
    std::size_t sent_ = 0;
    std::uint64_t at_ = 0;
    bool ended_ = false;
};

class Conversation {
  public:
    Conversation(pid_t command, OwnedFd input, OwnedFd output, const ipc::Deliver& message, Milliseconds time)
        : command_(command),
          in_(std::move(input)),
          out_(std::move(output)),
          message_(message),
          deadline_(time) {
        fcntl(in_.get(), F_SETFL, O_NONBLOCK);
        fcntl(out_.get(), F_SETFL, O_NONBLOCK);
    }

    CommandEnd hold() {
        while (!ended_ && !end_.timed_out) step();
        // Everything that it wrote is in the pipe now, but for what its children still write.
        if (ended_) read_output();
        if (end_.timed_out || broken_) kill_all();
        if (broken_) end_ = {0, false, true, "the message cannot be read"};
        return std::move(end_);
    }

  private:
    void step() {
        std::array<pollfd, 2> watched{
            {{in_ ? in_.get() : -1, POLLOUT, 0}, {out_ ? out_.get() : -1, POLLIN, 0}}};
        if (deadline_.passed()) {
            end_.timed_out = true;
            return;
        }
        const std::int64_t left = deadline_.left().count();
        timespec time{left / 1000, left % 1000 * 1'000'000};
        sigset_t all_open;
        sigemptyset(&all_open);
        // The end may have come before: SIGCHLD then waits, and ppoll returns at once.
        int ready = ppoll(watched.data(), watched.size(), &time, &all_open);
        if (waitpid(command_, &end_.wait_status, WNOHANG) == command_) ended_ = true;
        if (ready <= 0) return;
        if (watched[1].revents != 0) read_output();
        if (watched[0].revents != 0) write_input();
    }

    void write_input() {
        Result<std::string_view> next = input_.next();
        if (!next) {
            broken_ = end_.timed_out = true;  // it must not take half a message for a whole one
            return;
        }
        if (next->empty()) return in_.reset();
        ssize_t n = write(in_.get(), next->data(), next->size());
        if (n > 0) return input_.sent(static_cast<std::size_t>(n));
        if (n < 0 && errno != EAGAIN && errno != EINTR) in_.reset();  // it does not want to know more
    }

    void read_output() {
        std::array<char, 16 * 1024> buffer;
        while (out_) {
            ssize_t n = read(out_.get(), buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) return out_.reset();
            std::size_t room = kept_output - std::min(kept_output, end_.output.size());
            end_.output.append(buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(n), room));
        }
    }

    void kill_all() {
        read_output();
        kill(-command_, SIGKILL);
        if (!ended_) waitpid(command_, &end_.wait_status, 0);
    }

    const pid_t command_;
    OwnedFd in_, out_;
    const ipc::Deliver& message_;
    Input input_{message_};
    const Deadline deadline_;
    CommandEnd end_;
    bool ended_ = false;
    bool broken_ = false;
};

// What stood in the way of executing it; empty when it runs.
std::string why_not(OwnedFd report) {
    std::string why;
    std::array<char, 1024> buffer;
    while (why.size() < kept_output) {
        ssize_t n = read(report.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        why.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return why;
}

}  // namespace

Result<CommandEnd> run_command(const ipc::Deliver& message, const Account& account,
                               const LocalSettings& settings) {
    Result<Pipe> input = make_pipe();
    if (!input) return pass(input);
    Result<Pipe> output = make_pipe();
    if (!output) return pass(output);
    Result<Pipe> report = make_pipe();
    if (!report) return pass(report);
    sigset_t child_ends;
    sigemptyset(&child_ends);
    sigaddset(&child_ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ends, nullptr);
    signal(SIGCHLD, [](int) {});
    signal(SIGPIPE, SIG_IGN);
    Program program = program_for(message, account, settings);
    tzset();  // for the "From " line
    prctl(PR_SET_DUMPABLE, 0);
    pid_t pid = fork();
    if (pid < 0) return system_error("cannot start a command", errno);
    if (pid == 0)
        become_command(std::move(program), settings.command_directory, input->read.get(), output->write.get(),
                       report->write.get());
    input->read.reset();
    output->write.reset();
    report->write.reset();
    Result<> confined = process::confine(runner_row, {});
    std::string trouble = confined ? why_not(std::move(report->read)) : confined.error().text;
    if (!trouble.empty()) {
        kill(-pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        return CommandEnd{0, false, true, std::move(trouble)};
    }
    return Conversation(pid, std::move(input->write), std::move(output->read), message, settings.command_time)
        .hold();
}

}  // namespace ekiden::local_delivery
