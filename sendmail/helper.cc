#include "sendmail/helper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/text/ascii.h"
#include "sendmail/complain.h"

namespace ekiden::sendmail {
namespace {

constexpr std::size_t longest_reason = 1000;

struct Pipe {
    OwnedFd read, write;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw Fatal{fmt::format("pipe: {}", strerror(errno))};
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
};

std::vector<char*> pointers_to(const std::vector<std::string>& argv) {
    std::vector<char*> pointers;
    for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

Ekidrop::Ekidrop(const Settings& settings) : path_(settings[param::command_directory] + "/ekidrop") {
    Pipe input, output;
    std::vector<char*> argv = {const_cast<char*>("ekidrop"), nullptr};
    if (access(path_.c_str(), X_OK) != 0)
        throw Fatal{fmt::format("unable to execute {}: {}", path_, strerror(errno))};
    pid_ = fork();
    if (pid_ < 0) throw Fatal{fmt::format("unable to execute {}: {}", path_, strerror(errno))};
    if (pid_ == 0) {
        if (dup2(input.read.get(), STDIN_FILENO) >= 0 && dup2(output.write.get(), STDOUT_FILENO) >= 0)
            execv(path_.c_str(), argv.data());
        _exit(127);
    }
    to_ = std::move(input.write);
    from_ = std::move(output.read);
}

Ekidrop::~Ekidrop() {
    to_.reset();
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

bool Ekidrop::write(std::string_view octets) {
    while (!octets.empty()) {
        ssize_t written = ::write(to_.get(), octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string Ekidrop::finish() {
    to_.reset();
    std::string reason;
    char buffer[512];
    ssize_t got = 0;
    while ((got = read(from_.get(), buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && reason.size() < longest_reason) reason.append(buffer, static_cast<std::size_t>(got));
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR) return fmt::format("{}: {}", path_, strerror(errno));
    pid_ = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
    reason = text::printable(text::trim(reason));
    if (!reason.empty()) return reason;
    if (WIFEXITED(status)) return fmt::format("{}: exit status {}", path_, WEXITSTATUS(status));
    return fmt::format("{}: killed by signal {}", path_, WTERMSIG(status));
}

void become_command(const Settings& settings, const std::vector<std::string>& argv) {
    std::string path = settings[param::command_directory] + "/" + argv[0];
    execv(path.c_str(), pointers_to(argv).data());
    throw Fatal{fmt::format("unable to execute {}: {}", path, strerror(errno))};
}

}  // namespace ekiden::sendmail
