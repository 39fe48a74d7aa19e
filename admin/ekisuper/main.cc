// ekisuper: the superuser's work on the queue: delete, hold, release, requeue, expire, and a look at the
// spool's structure. It asks the running manager; while none runs it works on the spool itself, under the
// manager's lock. What it did stands on standard error and in the log, in postsuper's words.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <variant>

#include "admin/ekisuper/options.h"
#include "common/log/events.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/process/tool_log.h"
#include "common/process/users.h"
#include "common/spool/offline.h"
#include "common/spool/operator_view.h"
#include "common/text/ascii.h"

namespace {

using namespace ekiden;

constexpr std::chrono::seconds patience{120};  // for one answer
constexpr std::chrono::minutes check_patience{30};

void say(const std::string& text) { fmt::print(stderr, "ekisuper: {}\n", text); }

// postsuper ends with 1 whatever went wrong.
int fail(const std::string& text) {
    say("fatal: " + text);
    return 1;
}

// The manager, or the spool itself.
class Work {
  public:
    static Result<Work> begin(const Settings& settings) {
        const std::string& queue = settings[param::queue_directory];
        auto manager = process::AdminClient::connect(queue + "/public/queue", ipc::Service::manager);
        if (manager) return Work(std::move(*manager));
        std::string directory = queue + "/queue";
        if (manager.error().temporary()) return pass(manager);  // it runs, and is busy
        Result<> became = process::become_owner_of("queue_directory's queue", directory);
        if (!became) return pass(became);
        Result<queue::OfflineQueue> offline = queue::OfflineQueue::open(directory);
        if (!offline) return pass(offline);
        return Work(std::move(*offline));
    }

    template <class Message>
    Result<typename Message::Reply> ask(Message message, Milliseconds time = patience) {
        if (auto* manager = std::get_if<Manager>(&way_)) return (*manager)->ask(std::move(message), time);
        return std::get<queue::OfflineQueue>(way_).ask(message);
    }
    bool offline() const { return std::holds_alternative<queue::OfflineQueue>(way_); }

  private:
    using Manager = std::unique_ptr<process::AdminClient>;
    explicit Work(Manager manager) : way_(std::move(manager)) {}
    explicit Work(queue::OfflineQueue offline) : way_(std::move(offline)) {}
    std::variant<Manager, queue::OfflineQueue> way_;
};

class Superuser {
  public:
    Superuser(Work& work, const ekisuper::Options& options) : work_(work), options_(options) {}

    Result<> run() {
        for (const ekisuper::Order& order : options_.orders) {
            std::uint64_t count = 0;
            Result<> done = carry_out(order, count);
            std::string report =
                fmt::format("{}: {} message{}", ekisuper::reported(order.verb), count, count == 1 ? "" : "s");
            say(report);  // after a failure too: what was done before it was done
            log::emit(events::operator_report, report);
            if (!done) return done;
        }
        if (options_.structure || options_.temporary) return check();
        return {};
    }

  private:
    Result<> carry_out(const ekisuper::Order& order, std::uint64_t& count) {
        for (const std::string& id : order.ids) {
            ipc::ChangeQueue one{order.verb, id, "", false, options_.queues, ""};
            if (!text::parse_queue_id(id)) {
                // As any other id that no message has, unless it can be none at all.
                if (id.find_first_not_of(letters_of_ids) != std::string::npos)
                    say("warning: invalid mail queue id: " + text::printable(id, 60));
                continue;
            }
            Result<> done = change(one, count, true);
            if (!done) return done;
        }
        if (!order.all) return {};
        return change({order.verb, "", "", true, options_.queues, ""}, count, options_.verbose);
    }

    Result<> change(ipc::ChangeQueue order, std::uint64_t& count, bool each) {
        do {
            Result<ipc::ChangedMessages> changed = work_.ask(order);
            if (!changed) return pass(changed);
            count += changed->count;
            for (const std::string& id : changed->ids) {
                if (each) say(fmt::format("{}: {}", id, queue::said(order.verb)));
                // A manager that runs has written its own line.
                if (work_.offline()) log::emit(events::queue_operator, id, queue::said(order.verb));
            }
            order.after = changed->next;
        } while (!order.after.empty());
        return {};
    }

    Result<> check() {
        Result<ipc::QueueFindings> found =
            work_.ask(ipc::CheckQueue{options_.structure, options_.temporary}, check_patience);
        if (!found) return pass(found);
        for (const std::string& line : found->lines) {
            say("warning: " + line);
            if (work_.offline()) log::emit(events::spool_finding, line);
        }
        if (options_.verbose)
            say(fmt::format("{} messages looked at, {} findings", found->messages, found->lines.size()));
        return {};
    }

    static constexpr std::string_view letters_of_ids =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    Work& work_;
    const ekisuper::Options& options_;
};

std::optional<std::string> next_line() {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
}

}  // namespace

int main(int argc, char** argv) {
    Result<ekisuper::Options> options = ekisuper::parse_options({argv + 1, argv + argc}, next_line);
    if (!options && options.error().text.starts_with("invalid directory")) return fail(options.error().text);
    if (!options) {
        say(options.error().text);
        return fail(ekisuper::usage);
    }
    std::vector<std::string> config;
    if (options->config) config = {"-c", *options->config};
    Result<process::ToolCall> call = process::tool_call(config, std::getenv("MAIL_CONFIG"));
    if (!call) return fail(call.error().text);
    if (!process::is_superuser(call->settings))
        return fail("use of this command is reserved for the superuser");
    process::ToolLog lines(call->settings, "ekisuper");
    log::set_sink(&lines);
    Result<Work> work = Work::begin(call->settings);
    if (!work) return fail(work.error().text);
    Result<> done = Superuser(*work, *options).run();
    log::set_sink(nullptr);
    return done ? 0 : fail(done.error().text);
}
