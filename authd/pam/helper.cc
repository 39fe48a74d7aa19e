// How: fork without execve; the child closes every descriptor but its end of a socketpair, asks PAM, writes
// one line ("right NAME", "wrong WHY", "undecided WHY") and ends.
#include "authd/pam/helper.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "authd/pam/pam_check.h"
#include "common/log/logger.h"
#include "common/net/stream.h"
#include "common/text/ascii.h"

namespace ekiden::pam {
namespace {

using ipc::SystemAnswer;
using ipc::SystemVerdict;

constexpr std::size_t most_running = 8;
constexpr std::size_t most_waiting = 256;
constexpr Milliseconds turn_time = std::chrono::seconds(20);
constexpr Milliseconds answer_time = std::chrono::seconds(30);
constexpr std::size_t longest_line = 1000;
constexpr std::string_view words[] = {"right", "wrong", "undecided"};

// Root and the system's own users have no mailbox here: their passwords are not to be guessed at.
bool may_log_in(const std::string& user, std::uint32_t minimum_uid) {
    if (user.empty() || user.size() > 64 || user.find_first_of(std::string_view(":/\n\0", 4)) != user.npos)
        return false;
    std::array<char, 16 * 1024> buffer;
    passwd entry{}, *found = nullptr;
    getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr && found->pw_uid != 0 && found->pw_uid >= minimum_uid;
}

[[noreturn]] void answer_as_child(int channel, const std::string& service,
                                  const ipc::CheckSystemPassword& question) {
    log::set_sink(nullptr);  // the parent's way to the logger is not ours
    close_range(3, static_cast<unsigned>(channel) - 1, 0);
    close_range(static_cast<unsigned>(channel) + 1, ~0u, 0);
    for (int number : {SIGCHLD, SIGTERM, SIGPIPE}) signal(number, SIG_DFL);
    SystemAnswer answer = check(service, question);
    const std::string& text = answer.verdict == SystemVerdict::right ? answer.user : answer.why;
    std::string line(words[static_cast<std::size_t>(answer.verdict)]);
    line += " " + text::printable(text, 200) + "\r\n";
    ssize_t written = ::write(channel, line.data(), line.size());
    _exit(written == static_cast<ssize_t>(line.size()) ? 0 : 1);
}

Result<SystemAnswer> parse(std::string_view line) {
    std::size_t blank = line.find(' ');
    for (std::size_t i = 0; blank != line.npos && i < std::size(words); ++i) {
        if (line.substr(0, blank) != words[i]) continue;
        SystemAnswer answer{};
        answer.verdict = static_cast<SystemVerdict>(i);
        (i == 0 ? answer.user : answer.why) = std::string(line.substr(blank + 1));
        return answer;
    }
    return temporary("the process that asked PAM said nothing");
}

// A process that is not needed any more ends whatever it does; the kernel keeps its number until we wait.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

  private:
    pid_t pid_;
};

class Counted {
  public:
    Counted(std::size_t& count, event::Signal& ended) : count_(count), ended_(ended) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() {
        --count_;
        ended_.notify_all();
    }

  private:
    std::size_t& count_;
    event::Signal& ended_;
};

}  // namespace

Helper::Helper(event::Loop& loop, HelperSettings settings)
    : loop_(loop), settings_(std::move(settings)), ended_(loop) {}

Task<Result<SystemAnswer>> Helper::ask(ipc::CheckSystemPassword question) {
    ++asked_;
    if (!may_log_in(question.user, settings_.minimum_uid)) {
        SystemAnswer answer{};
        answer.verdict = SystemVerdict::wrong;
        answer.why = "no such user, or one that may not log in";
        co_return answer;
    }
    if (waiting_ >= most_waiting) co_return temporary("too many questions to PAM at once");
    {
        Counted waits(waiting_, ended_);
        while (running_ >= most_running) {
            bool notified = co_await ended_.wait(turn_time);
            if (!notified) co_return temporary("PAM is too slow");
        }
    }
    Counted runs(running_, ended_);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        co_return system_error("cannot ask PAM", errno);
    OwnedFd ours(ends[0]), theirs(ends[1]);
    pid_t pid = fork();
    if (pid < 0) co_return system_error("cannot ask PAM", errno);
    if (pid == 0) answer_as_child(theirs.get(), settings_.service, question);
    Child child(pid);
    theirs.reset();
    net::Stream stream(loop_, std::move(ours));
    try {
        net::Line line = co_await stream.read_line(longest_line, answer_time);
        co_return parse(line.text);
    } catch (const net::Closed&) {
        co_return temporary("PAM gave no answer in time");
    }
}

}  // namespace ekiden::pam
