// ekiqueue: what mailq shows, and what an operator does with the queue. Asks the running manager, for users
// by way of pickup; root may list without it. It has no rights of its own: who asks is said by the kernel.
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "admin/ekiqueue/listing.h"
#include "admin/ekiqueue/options.h"
#include "common/dns/name.h"
#include "common/net/address.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"
#include "common/process/users.h"
#include "common/spool/offline.h"
#include "common/text/ascii.h"

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

int status_of(const Error& error) {
    if (error.kind == ErrorKind::malformed) return EX_DATAERR;
    return error.temporary() ? EX_TEMPFAIL : EX_UNAVAILABLE;
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
        if (!answer && !answer.error().temporary()) return complain(answer.error().text, EX_UNAVAILABLE);
        if (!answer) return complain("Queue report unavailable - " + answer.error().text, EX_UNAVAILABLE);
        for (const ipc::ListedMessage& message : answer->messages) printer(message);
        std::fflush(stdout);
        question = {answer->next, page};
    } while (!question.after.empty());
    return printer.end();
}

// The running queue: the manager for root, pickup for users, who may ask less of it.
class Queue {
  public:
    static Result<Queue> connect(const Settings& settings) {
        bool all = process::is_superuser(settings);
        Queue queue(settings[param::queue_directory] + (all ? "/public/queue" : "/public/mailq"), all);
        if (Result<> connected = queue.connect(); !connected) return pass(connected);
        return queue;
    }

    Result<ipc::QueuePage> list(const ipc::ListQueue& question) { return ask(question); }
    Result<ipc::ChangedMessages> change(const ipc::ChangeQueue& order) {
        if (all_) return client_->ask(order, patience);
        if (order.verb == ipc::QueueVerb::flush)
            return ask(ipc::FlushQueue{order.queue_id, order.site, order.after});
        return denied("use of this command is reserved for the superuser");
    }

  private:
    Queue(std::string path, bool all) : path_(std::move(path)), all_(all) {}
    Result<> connect() {
        auto client =
            process::AdminClient::connect(path_, all_ ? ipc::Service::manager : ipc::Service::pickup,
                                          all_ ? ipc::Service::admin : ipc::Service::user);
        if (!client) return pass(client);
        client_ = std::move(*client);
        return {};
    }
    // Pickup sends away who asks nothing for a while, as when a pager holds the listing; what users may ask
    // can be asked twice.
    template <ipc::Message M>
    Result<typename M::Reply> ask(const M& question) {
        Result<typename M::Reply> answer = client_->ask(question, patience);
        if (answer || client_->open()) return answer;
        if (Result<> again = connect(); !again) return pass(again);
        return client_->ask(question, patience);
    }
    std::string path_;
    std::unique_ptr<process::AdminClient> client_;
    bool all_;
};

int list_offline(const std::string& directory, const std::string& why, bool json) {
    fmt::print(stderr, "ekiqueue: warning: Mail system is down -- accessing queue directly ({})\n", why);
    Result<> became = process::become_owner_of("queue_directory's queue", directory);
    if (!became) return complain(became.error().text, EX_UNAVAILABLE);
    Result<queue::OfflineQueue> offline = queue::OfflineQueue::open_to_read(directory);
    if (!offline) return complain(offline.error().text, EX_UNAVAILABLE);
    return list_from([&](const ipc::ListQueue& question) { return offline->ask(question); }, json);
}

int list(const Settings& settings, bool json) {
    Result<Queue> queue = Queue::connect(settings);
    if (queue) return list_from([&](const ipc::ListQueue& question) { return queue->list(question); }, json);
    const std::string& why = queue.error().text;
    if (queue.error().temporary()) return complain("Queue report unavailable - " + why, EX_TEMPFAIL);
    std::string directory = settings[param::queue_directory] + "/queue";
    if (process::is_superuser(settings) && access((directory + "/queue.db").c_str(), R_OK) == 0)
        return list_offline(directory, why, json);
    return complain(fmt::format("Queue report unavailable - mail system is down ({})", why), EX_UNAVAILABLE);
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

// A domain, an address in brackets, or a recipient in one of them.
bool is_site(std::string_view site) {
    if (std::size_t at = site.rfind('@'); at != std::string_view::npos) site.remove_prefix(at + 1);
    if (!site.starts_with('[')) return dns::is_host_name(site);
    site.remove_prefix(1);
    if (!site.ends_with(']')) return false;
    site.remove_suffix(1);
    return net::IpAddress::parse(site.starts_with("IPv6:") ? site.substr(5) : site).has_value();
}

int change(const Settings& settings, const admin::QueueOptions& options) {
    ipc::ChangeQueue order = order_of(options);
    if (options.action == QueueAction::flush_site && !is_site(options.argument))
        return complain(fmt::format("Cannot flush mail queue - invalid destination: \"{}\"",
                                    text::printable(options.argument, 200)),
                        EX_UNAVAILABLE);
    Result<Queue> queue = Queue::connect(settings);
    if (!queue) {
        bool busy = queue.error().temporary();
        return complain(fmt::format("Cannot {} mail queue - {}",
                                    options.action <= QueueAction::flush_site ? "flush" : "change",
                                    busy ? queue.error().text : "mail system is down"),
                        busy ? EX_TEMPFAIL : EX_UNAVAILABLE);
    }
    bool one = !order.queue_id.empty();
    ipc::ChangedMessages changed{};
    do {
        Result<ipc::ChangedMessages> answer = queue->change(order);
        if (!answer) return complain(answer.error().text, status_of(answer.error()));
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
