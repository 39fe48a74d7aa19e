#include "tests/crash/lab/stage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "tests/crash/lab/script.h"

namespace ekiden::crash {
namespace {

constexpr std::int64_t noon = 1'795'000'000;  // seconds UTC
constexpr Seconds patience{20};
constexpr Seconds loading_time{3};  // the spool that could not be read is read again sooner

std::string name_in(const std::string& address) { return address.substr(0, address.find('@')); }

// Small limits, so that a short scenario meets files, checkpoints and the reserve.
queue::SpoolOptions small_spool() {
    return {.reserve_bytes = 16'384, .in_database_limit = 4000, .checkpoint_pages = 40};
}

// The recovery is as long after the crash as a lock file may stand in the way whose maker got no further than
// to make it, and so left no word of who it was.
local_delivery::MailboxSettings mailbox_settings(bool first_life) {
    local_delivery::MailboxSettings settings{.host = "mail.example.jp"};
    if (!first_life) settings.locking.stale = Seconds(-1);
    return settings;
}

}  // namespace

House::House(event::Loop& loop, OwnedFd mail, Ledger& ledger, bool defer)
    : loop_(loop),
      mail_(std::move(mail)),
      ledger_(ledger),
      defer_(defer),
      settings_(mailbox_settings(defer)),
      batches_(loop, mail_.get(), settings_) {}

Task<Result<ipc::Resolution>> House::resolve(ipc::ResolveRecipients question) {
    ipc::Resolution answer;
    for (std::uint32_t i = 0; i < question.recipients.size(); ++i) {
        for (const std::string& name : behind(name_in(question.recipients[i]))) {
            ipc::ResolvedRecipient r{};
            r.index = i;
            bool alias = name != name_in(question.recipients[i]);
            r.address = alias ? address_of(name) : question.recipients[i];
            bool ours = r.address.ends_with("@example.jp");
            r.transport = ours ? ipc::Transport::virtual_mailbox : ipc::Transport::smtp;
            if (ours) r.mailbox = "example.jp/" + name + (has_mbox(name) ? "" : "/");
            r.next_hop = ours ? "" : "example.net";
            if (name == "unknown") r.transport = ipc::Transport::error;
            if (name == "unknown") r.text = "5.1.1 User unknown";
            answer.recipients.push_back(std::move(r));
        }
    }
    co_return answer;
}

Task<Result<ipc::DeliveryOutcome>> House::deliver(ipc::Transport transport, ipc::Deliver order) {
    ipc::DeliveryOutcome outcome{};
    if (transport == ipc::Transport::virtual_mailbox) {
        Result<ipc::RecipientOutcome> done = co_await into_mailbox(std::move(order));
        if (!done) co_return pass(done);
        outcome.recipients.push_back(std::move(*done));
        co_return outcome;
    }
    co_await loop_.next_round();
    for (const ipc::DeliveryRecipient& recipient : order.recipients)
        outcome.recipients.push_back(at_other_host(order, recipient));
    co_return outcome;
}

Task<Result<ipc::RecipientOutcome>> House::into_mailbox(ipc::Deliver order) {
    const ipc::DeliveryRecipient& recipient = order.recipients.front();
    bool wait = defer_ && name_in(recipient.address) == "later" && deferred_.insert(order.queue_id).second;
    if (wait)
        co_return local_delivery::outcome_for(recipient, ipc::DeliveryStatus::deferred, "4.2.0",
                                              "come again");
    Result<ipc::RecipientOutcome> done = co_await batches_.deliver(std::move(order));
    co_return done;
}

ipc::RecipientOutcome House::at_other_host(const ipc::Deliver& order,
                                           const ipc::DeliveryRecipient& recipient) {
    std::string name = name_in(recipient.address);
    if (name == "bounce")
        return local_delivery::outcome_for(recipient, ipc::DeliveryStatus::bounced, "5.1.1",
                                           "host example.net said: 550 no such user");
    ledger_.say("remote {} {}", order.notes.message_id, name);
    return local_delivery::outcome_for(recipient, ipc::DeliveryStatus::sent, "2.0.0", "250 taken");
}

Result<std::unique_ptr<Stage>> Stage::open(const Roots& roots, Ledger& ledger, bool defer) {
    OwnedFd mail(::open(roots.mail.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!mail) return system_error("cannot open " + roots.mail, errno);
    Result<queue::Spool> spool = queue::Spool::open(roots.spool, small_spool());
    if (!spool) return pass(spool);
    return std::unique_ptr<Stage>(new Stage(ledger, std::move(*spool), std::move(mail), defer));
}

Stage::Stage(Ledger& ledger, queue::Spool spool, OwnedFd mail, bool defer)
    : ledger_(ledger), clock_(noon * 1'000'000), spool_(std::move(spool)) {
    log::set_sink(this);
    house_ = std::make_unique<House>(loop_, std::move(mail), ledger, defer);
}

Stage::~Stage() {
    queue_.reset();
    writer_.reset();
    log::set_sink(nullptr);
}

void Stage::start() {
    queue::QueueSettings settings;
    settings.notices.hostname = "mail.example.jp";
    settings.notices.origin = "example.jp";
    settings.record_again = Milliseconds(10);
    queue::Operation look = queue::ReserveSequence{0};
    queue::Sequence first = spool_->apply(std::span(&look, 1)).front().value_or(1);
    writer_ = std::make_unique<queue::Writer>(loop_, std::move(*spool_));
    spool_.reset();
    queue_ = std::make_unique<queue::Queue>(loop_, clock_, *writer_, *house_, settings);
    intake_ =
        std::make_unique<queue::Intake>(*queue_, writer_->content(), clock_, queue::IntakeLimits{}, first);
    queue_->start();
}

bool Stage::run_until(const std::function<bool()>& condition, Milliseconds time) {
    bool late = false;
    event::Timer guard(loop_, [&] { late = true; });
    guard.start(time);
    while (!condition() && !late) loop_.run_once();
    return !late;
}

bool Stage::settle() {
    return run_until([this] { return queue_->active() == 0; }, patience);
}

bool Stage::drain() {
    std::int64_t end = system_clock().steady_us() + std::chrono::microseconds(patience).count();
    while (system_clock().steady_us() < end) {
        if (!settle()) return false;
        const std::int64_t moving = messages().moving;
        if (moving == 0) return true;
        // What may move is due then, and comes into memory.
        if (change(ipc::QueueVerb::flush, "") && moving > 0)
            (void)run_until([this] { return queue_->active() > 0; }, loading_time);
    }
    return false;
}

Stage::Count Stage::messages() {
    auto read = [](queue::Spool& spool) { return spool.list(0, 100'000); };
    Result<std::vector<queue::StoredMessage>> all = loop_.run(writer_->read(std::move(read)));
    if (!all) return {-1, -1};
    Count count;
    for (const queue::StoredMessage& message : *all) ++(message.hold ? count.held : count.moving);
    return count;
}

Result<std::uint64_t> Stage::change(ipc::QueueVerb verb, const std::string& id) {
    ipc::ChangeQueue order{verb, id, "", id.empty() && verb != ipc::QueueVerb::flush, 0, ""};
    Result<ipc::ChangedMessages> changed = loop_.run(queue_->change(std::move(order)));
    if (!changed) return pass(changed);
    return changed->count;
}

void Stage::write(const log::Line& line) {
    static const bool show = ::getenv("EKIDEN_SHOW_LOG") != nullptr;
    if (show) ledger_.say("log {}", line.text);
    if (line.event != "queue_removed") return;
    auto it = marks_.find(line.text.substr(0, line.text.find(':')));
    if (it != marks_.end()) ledger_.say("removed {}", it->second);
}

}  // namespace ekiden::crash
