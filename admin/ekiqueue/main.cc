// ekiqueue: what mailq shows, and what an operator does with the queue. Asks the running manager; root may
// list without it.
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "admin/ekiqueue/listing.h"
#include "admin/ekiqueue/options.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/process/users.h"
#include "common/spool/offline.h"

namespace {

using namespace ekiden;
using admin::QueueAction;

constexpr std::chrono::seconds patience{120};
constexpr std::uint16_t first_page = 50;  // so that something is seen at once
constexpr std::uint16_t page = 1000;

int complain(const std::string& text, int status) {
    fmt::print(stderr, "ekiqueue: fatal: {}\n", text);
    return status;
}

class Printer {
  public:
    explicit Printer(bool json) : json_(json) {}
    void operator()(const ipc::ListedMessage& message) {
        put(json_ ? admin::print_json(message) : listing_.print(message));
    }
    int end() {
        if (!json_) put(listing_.end());
        return std::fflush(stdout) == 0 ? EX_OK : EX_IOERR;
    }

  private:
    static void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
    admin::TraditionalListing listing_;
    bool json_;
};

// Page by page, from whoever answers.
template <class Ask>
int list_from(const Ask& ask, bool json) {
    Printer printer(json);
    ipc::ListQueue question{"", first_page};
    do {
        Result<ipc::QueuePage> answer = ask(question);
        if (!answer) return complain("Queue report unavailable - " + answer.error().text, EX_UNAVAILABLE);
        for (const ipc::ListedMessage& message : answer->messages) printer(message);
        std::fflush(stdout);
        question = {answer->next, page};
    } while (!question.after.empty());
    return printer.end();
}

int list(const Settings& settings, bool json) {
    const std::string& queue = settings[param::queue_directory];
    auto manager = process::AdminClient::connect(queue + "/public/queue", ipc::Service::manager);
    if (manager)
        return list_from([&](const ipc::ListQueue& question) { return (*manager)->ask(question, patience); },
                         json);
    std::string directory = queue + "/queue";
    if (access((directory + "/queue.db").c_str(), R_OK) != 0)
        return complain("Queue report unavailable - mail system is down", EX_UNAVAILABLE);
    fmt::print(stderr, "ekiqueue: warning: Mail system is down -- accessing queue directly ({})\n",
               manager.error().text);
    Result<> became = process::become_owner_of("queue_directory's queue", directory);
    if (!became) return complain(became.error().text, EX_UNAVAILABLE);
    Result<queue::OfflineQueue> offline = queue::OfflineQueue::open_to_read(directory);
    if (!offline) return complain(offline.error().text, EX_UNAVAILABLE);
    return list_from([&](const ipc::ListQueue& question) { return offline->ask(question); }, json);
}

ipc::ChangeQueue order_of(const admin::QueueOptions& options) {
    ipc::ChangeQueue order{};
    switch (options.action) {
        case QueueAction::hold: order.verb = ipc::QueueVerb::hold; break;
        case QueueAction::release: order.verb = ipc::QueueVerb::release; break;
        case QueueAction::requeue: order.verb = ipc::QueueVerb::requeue; break;
        case QueueAction::remove: order.verb = ipc::QueueVerb::remove; break;
        default: order.verb = ipc::QueueVerb::flush; break;
    }
    // An id never has an @: user@domain is a recipient, @domain everybody there.
    bool place = options.action == QueueAction::flush_site ||
                 (options.action != QueueAction::flush_id && options.argument.contains('@'));
    if (place)
        order.site = options.argument.substr(options.argument.starts_with('@') ? 1 : 0);
    else if (options.action == QueueAction::flush || options.argument == "ALL")
        order.all = true;
    else
        order.queue_id = options.argument;
    return order;
}

int change(const Settings& settings, const admin::QueueOptions& options) {
    auto manager = process::AdminClient::connect(settings[param::queue_directory] + "/public/queue",
                                                 ipc::Service::manager);
    if (!manager)
        return complain(fmt::format("Cannot {} mail queue - mail system is down",
                                    options.action <= QueueAction::flush_site ? "flush" : "change"),
                        EX_UNAVAILABLE);
    ipc::ChangeQueue order = order_of(options);
    bool one = !order.queue_id.empty();
    ipc::ChangedMessages changed{};
    do {
        Result<ipc::ChangedMessages> answer = (*manager)->ask(order, patience);
        if (!answer) {
            bool wrong = answer.error().kind == ErrorKind::malformed;
            return complain(answer.error().text, wrong ? EX_DATAERR : EX_TEMPFAIL);
        }
        changed.found += answer->found;
        changed.count += answer->count;
        order.after = answer->next;
    } while (!order.after.empty());
    if (one && changed.found == 0)
        return complain("no such message in the queue: " + order.queue_id, EX_DATAERR);
    std::string plural = changed.count == 1 ? "" : "s";
    switch (options.action) {  // postsuper's words
        case QueueAction::hold:
            fmt::print(stderr, "ekiqueue: Placed on hold: {} message{}\n", changed.count, plural);
            break;
        case QueueAction::release:
            fmt::print(stderr, "ekiqueue: Released from hold: {} message{}\n", changed.count, plural);
            break;
        case QueueAction::requeue:
            fmt::print(stderr, "ekiqueue: Requeued: {} message{}\n", changed.count, plural);
            break;
        case QueueAction::remove:
            fmt::print(stderr, "ekiqueue: Deleted: {} message{}\n", changed.count, plural);
            break;
        default: break;  // postqueue says nothing
    }
    return EX_OK;
}

}  // namespace

int main(int argc, char** argv) {
    Result<admin::QueueOptions> options = admin::parse_queue_options({argv + 1, argv + argc});
    if (!options) {
        fmt::print(stderr, "ekiqueue: {}\n{}\n", options.error().text, admin::queue_usage);
        return EX_USAGE;
    }
    Result<process::ToolCall> call = process::tool_call(options->config, std::getenv("MAIL_CONFIG"));
    if (!call) return complain(call.error().text, EX_CONFIG);
    if (options->action == QueueAction::list || options->action == QueueAction::list_json)
        return list(call->settings, options->action == QueueAction::list_json);
    return change(call->settings, *options);
}
