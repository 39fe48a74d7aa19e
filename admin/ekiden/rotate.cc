// logrotate. No line is lost: the new file takes the old one's name in one step, the logger is asked to go on
// there, and the old file is compressed once nobody has it open for writing, which its lock tells
// (common/log/log_file.h).
#include <fmt/format.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "admin/ekiden/commands.h"
#include "admin/ekiden/set_aside.h"
#include "common/ipc/messages/control.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

constexpr unsigned release_time = 30;  // seconds, for those who write to let the old file go
constexpr unsigned turn_time = 30;     // seconds, for a rotation that is under way
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

// Master asks its children how they are, and the logger looks where it writes to. Where nothing runs there is
// nobody to ask.
void have_the_logger_look(const std::string& queue_directory) {
    auto master = process::AdminClient::connect(queue_directory + "/public/master", ipc::Service::master);
    if (master) (void)(*master)->ask(ipc::QueryStatus{}, std::chrono::seconds(10));
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

int status_of(const Error& error) {
    if (error.kind == ErrorKind::not_found) return EX_NOINPUT;
    return error.temporary() ? EX_TEMPFAIL : EX_CANTCREAT;
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
    Result<Rotation> rotation = Rotation::begin(path, turn_time);
    if (!rotation) return complain(rotation.error().text, status_of(rotation.error()));
    std::string aside = path + "." + *suffix;
    Result<> done = rotation->set_aside(aside);
    if (!done) return complain(done.error().text, EX_CANTCREAT);
    have_the_logger_look(call->settings[param::queue_directory]);
    done = wait_until_released(aside, release_time);
    const std::string& compressor = call->settings[param::maillog_file_compressor];
    if (done && !text::trim(compressor).empty()) done = compress(compressor, aside);
    return done ? EX_OK : complain(done.error().text, EX_TEMPFAIL);
}

}  // namespace ekiden::admin
