// manager: the queue's process. It alone reads and writes the spool; receiving services commit mail to it,
// the router tells it where mail goes, local-delivery and relay take it there. docs/queue-states.md is its
// contract.
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "queue/manager/intake.h"
#include "queue/manager/settings.h"

namespace {

using namespace ekiden;

constexpr Milliseconds resolve_time = std::chrono::seconds(60);
// Longer than any delivery may take by the time-outs of its own steps: a lost deliverer is noticed by its
// channel.
constexpr Milliseconds relay_time = std::chrono::hours(4);
constexpr Milliseconds mailbox_time = std::chrono::hours(4);
constexpr Milliseconds finish_time = std::chrono::seconds(5);

class House : public queue::Outside {
  public:
    explicit House(process::Worker& worker) : worker_(worker) {}

    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) override {
        return worker_.peer(ipc::Service::router).ask(std::move(question), resolve_time);
    }
    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport transport, ipc::Deliver order) override {
        bool remote = transport == ipc::Transport::smtp || transport == ipc::Transport::lmtp;
        if (remote) return worker_.peer(ipc::Service::relay).ask(std::move(order), relay_time);
        return worker_.peer(ipc::Service::local_delivery).ask(std::move(order), mailbox_time);
    }

  private:
    process::Worker& worker_;
};

queue::QueueSettings settings_of(process::Worker& worker) {
    const auto& files = worker.snapshot().files;
    auto templates = files.find(worker.settings()[param::bounce_template_file]);
    return queue::queue_settings(worker.settings(), templates == files.end() ? "" : templates->second);
}

class Manager : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        std::string directory = queue::spool_directory(worker.settings());
        Result<queue::Spool> spool = queue::Spool::open(directory, queue::spool_options(worker.settings()));
        if (!spool) return pass(spool);
        Result<std::int64_t> messages = spool->count();
        if (!messages) return pass(messages);
        queue::Operation look = queue::ReserveSequence{0};
        Result<std::int64_t> first = spool->apply(std::span(&look, 1)).front();
        if (!first) return pass(first);
        first_ = *first;
        log::emit(events::spool_opened, directory, *messages);
        spool_ = std::make_unique<queue::Spool>(std::move(*spool));
        worker.paths().write.push_back(directory);
        return {};
    }

    void serve(process::Worker& worker) override {
        writer_ = std::make_unique<queue::Writer>(worker.loop(), std::move(*spool_));
        house_ = std::make_unique<House>(worker);
        queue_ = std::make_unique<queue::Queue>(worker.loop(), system_clock(), *writer_, *house_,
                                                settings_of(worker));
        intake_ = std::make_unique<queue::Intake>(*queue_, writer_->content(), system_clock(),
                                                  queue::intake_limits(worker.settings()), first_);
        hear_receivers(worker);
        hear_operators(worker);
        worker.peers().on_lost([this](const ipc::Sender& sender) { intake_->lost(sender); });
        queue_->start();
    }

    void reconfigure(process::Worker& worker) override {
        queue_->reconfigure(settings_of(worker));
        intake_->set_limits(queue::intake_limits(worker.settings()));
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        if (!queue_) return {};
        return {{"active", std::to_string(queue_->active())},
                {"under_way", std::to_string(queue_->under_way())}};
    }

    Task<> finish(process::Worker&, Milliseconds) override {
        if (queue_) co_await queue_->finish(finish_time);
    }

  private:
    void hear_receivers(process::Worker& worker) {
        worker.answer<ipc::ReserveIds>([this](ipc::ReserveIds question, ipc::Sender sender) {
            return intake_->reserve(question, std::move(sender));
        });
        worker.answer<ipc::OpenContent>([this](ipc::OpenContent question, ipc::Sender sender) {
            return intake_->open(std::move(question), std::move(sender));
        });
        worker.answer<ipc::Commit>([this](ipc::Commit order, ipc::Sender sender) {
            return intake_->commit(std::move(order), std::move(sender));
        });
        worker.answer<ipc::ForgetDrops>(
            [this](ipc::ForgetDrops order, ipc::Sender) { return intake_->forget_drops(std::move(order)); });
        worker.hear<ipc::AbandonContent>([this](ipc::AbandonContent order, const ipc::Sender& sender) {
            intake_->abandon(order, sender);
        });
    }
    void hear_operators(process::Worker& worker) {
        worker.answer<ipc::ListQueue>(
            [this](ipc::ListQueue question, ipc::Sender) { return queue_->list(std::move(question)); });
        worker.answer<ipc::ChangeQueue>(
            [this](ipc::ChangeQueue order, ipc::Sender) { return queue_->change(std::move(order)); });
        worker.answer<ipc::FlushQueue>([this](ipc::FlushQueue order, ipc::Sender) {
            bool all = order.queue_id.empty() && order.site.empty();
            return queue_->change({ipc::QueueVerb::flush, std::move(order.queue_id), std::move(order.site),
                                   all, 0, std::move(order.after)});
        });
        worker.answer<ipc::ReadMessage>(
            [this](ipc::ReadMessage question, ipc::Sender) { return queue_->read(std::move(question)); });
        worker.answer<ipc::CheckQueue>(
            [this](ipc::CheckQueue order, ipc::Sender) { return queue_->check(order, first_); });
    }

    queue::Sequence first_ = 1;
    std::unique_ptr<queue::Spool> spool_;
    std::unique_ptr<queue::Writer> writer_;
    std::unique_ptr<House> house_;
    std::unique_ptr<queue::Queue> queue_;
    std::unique_ptr<queue::Intake> intake_;
};

}  // namespace

int main() { return process::run<Manager>(ipc::Service::manager); }
