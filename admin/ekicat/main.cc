// ekicat: one message of the queue for people: who sent it to whom, what it says. It asks the running
// manager, or reads the spool while none runs; a file argument is the content of a message by itself.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "admin/ekicat/print.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/process/users.h"
#include "common/spool/offline.h"

namespace {

using namespace ekiden;
using ekicat::Options;
using ekicat::Printer;

constexpr std::chrono::seconds patience{60};

// postcat ends with 1 whatever went wrong.
int fail(const std::string& text) {
    std::fflush(stdout);
    fmt::print(stderr, "ekicat: fatal: {}\n", text);
    return 1;
}

void put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Piece by piece, so that its size does not matter.
Result<> print_file(Printer& printer, int fd) {
    std::array<char, 65536> buffer{};
    while (true) {
        ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("record read error", errno);
        if (got == 0) return {};
        printer.content({buffer.data(), static_cast<std::size_t>(got)});
    }
}

// The queue of the manager that runs, or of the spool.
class Source {
  public:
    static Result<Source> open(const Settings& settings) {
        const std::string& queue = settings[param::queue_directory];
        Source source;
        auto manager = process::AdminClient::connect(queue + "/public/queue", ipc::Service::manager);
        if (manager) {
            source.manager_ = std::move(*manager);
            return source;
        }
        if (manager.error().temporary()) return pass(manager);  // it runs, and is busy
        Result<> became = process::become_owner_of("queue_directory's queue", queue + "/queue");
        if (!became) return pass(became);
        Result<queue::OfflineQueue> offline = queue::OfflineQueue::open_to_read(queue + "/queue");
        if (!offline) return pass(offline);
        source.offline_.emplace(std::move(*offline));
        return source;
    }

    // With all its recipients.
    Result<ipc::QueuedMessage> read(const std::string& queue_id) {
        Result<ipc::QueuedMessage> message = ask({queue_id, 0});
        while (message && message->next_recipient > 0) {
            Result<ipc::QueuedMessage> more = ask({queue_id, message->next_recipient});
            if (!more) return more;
            message->next_recipient = more->next_recipient;
            for (ipc::QueuedRecipient& each : more->recipients)
                message->recipients.push_back(std::move(each));
        }
        return message;
    }

  private:
    Result<ipc::QueuedMessage> ask(ipc::ReadMessage question) {
        return manager_ ? manager_->ask(std::move(question), patience) : offline_->ask(question);
    }
    std::unique_ptr<process::AdminClient> manager_;
    std::optional<queue::OfflineQueue> offline_;
};

Result<> print_queued(const Options& options, Source& source, const std::string& queue_id) {
    bool possible = !queue_id.empty() && queue_id.find_first_of("/.") == std::string::npos;
    if (!possible) return malformed("bad mail queue ID: " + queue_id);
    Result<ipc::QueuedMessage> message = source.read(queue_id);
    bool missing = !message && (message.error().kind == ErrorKind::not_found ||
                                message.error().kind == ErrorKind::malformed);
    if (missing) return not_found("open queue file " + queue_id + ": No such file or directory");
    if (!message) return pass(message);
    Printer printer(options, fmt::format("{}/{}", ipc::name_of(message->state), queue_id), put);
    printer.envelope(*message);
    if (message->file) {
        Result<> printed = print_file(printer, message->file.get());
        if (!printed) return printed;
    } else {
        printer.content(message->content);
    }
    printer.end();
    return {};
}

Result<> print_plain(const Options& options, const std::string& name, int fd) {
    Options content = options;
    content.envelope = false;  // it is in queue.db
    Printer printer(content, name, put);
    Result<> printed = print_file(printer, fd);
    printer.end();
    return printed;
}

Result<> print_named(const Options& options, const std::string& path) {
    OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error("open " + path, errno);
    return print_plain(options, path, file.get());
}

int run(const Options& options, const Settings& settings) {
    if (options.files.empty()) {
        Result<> printed = print_plain(options, "stdin", STDIN_FILENO);
        return printed ? 0 : fail(printed.error().text);
    }
    std::optional<Source> source;
    if (options.queue) {
        Result<Source> opened = Source::open(settings);
        if (!opened) return fail(opened.error().text);
        source.emplace(std::move(*opened));
    }
    for (const std::string& name : options.files) {
        Result<> printed = source ? print_queued(options, *source, name) : print_named(options, name);
        if (!printed) return fail(printed.error().text);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Result<Options> options = ekicat::parse_options({argv + 1, argv + argc});
    if (!options) {
        fmt::print(stderr, "ekicat: {}\n", options.error().text);
        return fail(ekicat::usage);
    }
    std::vector<std::string> config;
    if (options->config) config = {"-c", *options->config};
    Result<process::ToolCall> call = process::tool_call(config, std::getenv("MAIL_CONFIG"));
    if (!call) return fail(call.error().text);
    int status = run(*options, call->settings);
    return std::fflush(stdout) == 0 ? status : 1;
}
