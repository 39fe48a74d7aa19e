// logrotate. No line is lost: the new file takes the old one's name in one step, the logger is asked to go on
// there, and the old file is compressed once nobody has it open for writing, which its lock tells
// (common/log/log_file.h).
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "admin/ekiden/commands.h"
#include "common/base/clock.h"
#include "common/base/owned_fd.h"
#include "common/ipc/messages/control.h"
#include "common/log/log_file.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

constexpr std::int64_t release_us = 30'000'000;  // for those who write to let the old file go
constexpr std::size_t longest_suffix = 200;

int complain(const std::string& text, int status) {
    fmt::print(stderr, "ekiden: fatal: {}\n", text);
    return status;
}

// In local time.
Result<std::string> suffix_of_now(const std::string& form) {
    std::time_t now = std::time(nullptr);
    std::tm parts{};
    std::array<char, longest_suffix> text{};
    localtime_r(&now, &parts);
    std::size_t length = std::strftime(text.data(), text.size(), form.c_str(), &parts);
    std::string_view suffix(text.data(), length);
    if (suffix.empty() || suffix.contains('/'))
        return malformed(
            fmt::format("maillog_file_rotate_suffix = {}: must give 1 to {} characters without /",
                        text::printable(form, 100), longest_suffix - 1));
    return std::string(suffix);
}

// This name, or what a compressor made of it.
bool is_taken(const std::string& aside) {
    std::filesystem::path path(aside);
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), ignored)) {
        std::string name = entry.path().filename().string(), wanted = path.filename().string();
        if (name == wanted || name.starts_with(wanted + ".")) return true;
    }
    return false;
}

// The new file has the old one's owner before it has its name: the logger, which comes to it with its next
// line, may be unable to make one.
Result<> put_aside(const std::string& path, const std::string& aside, const struct stat& old) {
    if (is_taken(aside)) return permanent(aside + ": a log was set aside under this name before");
    std::string fresh = path + ".new";
    unlink(fresh.c_str());  // of a rotation that did not come to its end
    OwnedFd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return system_error("cannot make " + fresh, errno);
    bool made = (geteuid() != 0 || fchown(file.get(), old.st_uid, old.st_gid) == 0) &&
                fchmod(file.get(), old.st_mode & 07777) == 0;
    // link() does not replace what came meanwhile.
    made = made && link(path.c_str(), aside.c_str()) == 0 && rename(fresh.c_str(), path.c_str()) == 0;
    if (made) return {};
    Result<> failed = system_error("cannot set " + path + " aside as " + aside, errno);
    unlink(fresh.c_str());
    return failed;
}

// Master asks its children how they are, and the logger looks where it writes to. Where nothing runs there is
// nobody to ask.
void have_the_logger_look(const std::string& queue_directory) {
    auto master = process::AdminClient::connect(queue_directory + "/public/master", ipc::Service::master);
    if (master) (void)(*master)->ask(ipc::QueryStatus{}, std::chrono::seconds(10));
}

Result<> wait_until_released(const std::string& aside, const std::string& queue_directory) {
    OwnedFd file(open(aside.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    OwnedFd closings(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!file || !closings || inotify_add_watch(closings.get(), aside.c_str(), IN_CLOSE_WRITE) < 0)
        return system_error("cannot watch " + aside, errno);
    have_the_logger_look(queue_directory);
    for (const std::int64_t until = system_clock().steady_us() + release_us;;) {
        if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return {};
        if (errno != EWOULDBLOCK) return system_error("cannot lock " + aside, errno);
        const std::int64_t left = until - system_clock().steady_us();
        pollfd wait{closings.get(), POLLIN, 0};
        if (left <= 0 || poll(&wait, 1, static_cast<int>(left / 1000) + 1) == 0)
            return temporary(aside + ": still written to; it is set aside, but not compressed");
        std::array<char, 4096> events{};
        while (read(closings.get(), events.data(), events.size()) > 0) continue;
    }
}

Result<> compress(const std::string& compressor, const std::string& aside) {
    std::vector<std::string> words = text::split(compressor, " \t");
    words.push_back(aside);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = fork();
    if (pid < 0) return system_error("fork", errno);
    if (pid == 0) {
        execvp(arguments[0], arguments.data());
        fmt::print(stderr, "ekiden: {}: {}\n", arguments[0], strerror(errno));
        _exit(EX_UNAVAILABLE);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return system_error("waitpid", errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return temporary(fmt::format(
        "{} {} failed: maillog_file_compressor is to compress the file and to remove it", compressor, aside));
}

}  // namespace

int logrotate(const std::string& directory) {
    Result<process::ToolCall> call = process::tool_call({"-c", directory}, nullptr);
    if (!call) return complain(call.error().text, EX_CONFIG);
    const std::string& path = call->settings[param::maillog_file];
    if (path.empty())
        return complain("maillog_file is empty: the log goes to syslog, which has its own rotation",
                        EX_CONFIG);
    Result<std::string> suffix = suffix_of_now(call->settings[param::maillog_file_rotate_suffix].text);
    if (!suffix) return complain(suffix.error().text, EX_CONFIG);
    struct stat old{};
    if (lstat(path.c_str(), &old) != 0 || !S_ISREG(old.st_mode))
        return complain(path + ": there is no such file to set aside", EX_NOINPUT);
    std::string aside = path + "." + *suffix;
    Result<> done = put_aside(path, aside, old);
    if (!done) return complain(done.error().text, EX_CANTCREAT);
    done = wait_until_released(aside, call->settings[param::queue_directory]);
    const std::string& compressor = call->settings[param::maillog_file_compressor];
    if (done && !text::trim(compressor).empty()) done = compress(compressor, aside);
    return done ? EX_OK : complain(done.error().text, EX_TEMPFAIL);
}

}  // namespace ekiden::admin
