#include "common/maildrop/ekidrop.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/maildrop/drop.h"
#include "common/text/ascii.h"

namespace ekiden::maildrop {
namespace {

constexpr std::size_t longest_reason = 1000;

}  // namespace

Result<Ekidrop> Ekidrop::start(const std::string& directory) {
    Ekidrop started(directory + "/ekidrop");
    const char* path = started.path_.c_str();
    std::string what = "unable to execute " + started.path_;
    if (access(path, X_OK) != 0) return system_error(what, errno);
    std::array<int, 4> ends{-1, -1, -1, -1};
    bool piped = pipe2(ends.data(), O_CLOEXEC) == 0 && pipe2(ends.data() + 2, O_CLOEXEC) == 0;
    OwnedFd its_input(ends[0]), its_output(ends[3]);
    started.to_.reset(ends[1]);
    started.from_.reset(ends[2]);
    if (!piped) return system_error(what, errno);
    started.pid_ = fork();
    if (started.pid_ < 0) return system_error(what, errno);
    if (started.pid_ == 0) {
        if (dup2(its_input.get(), STDIN_FILENO) >= 0 && dup2(its_output.get(), STDOUT_FILENO) >= 0)
            execl(path, "ekidrop", nullptr);
        _exit(127);
    }
    return started;
}

Ekidrop::Ekidrop(Ekidrop&& other) noexcept
    : path_(std::move(other.path_)),
      pid_(std::exchange(other.pid_, -1)),
      to_(std::move(other.to_)),
      from_(std::move(other.from_)) {}

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

bool Ekidrop::write_content(std::string_view text) {
    bool wanted = true;
    while (wanted && !text.empty()) {
        std::string_view piece = text.substr(0, limits::record);
        wanted = write(content_record(piece));
        text.remove_prefix(piece.size());
    }
    return wanted;
}

}  // namespace ekiden::maildrop
