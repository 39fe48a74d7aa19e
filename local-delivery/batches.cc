#include "local-delivery/batches.h"

#include <algorithm>

// How: one coroutine a thread takes what waits, up to batch_limit, and hands it to the pool as one job. The
// coroutines wake in the loop's next round, so messages that came in one read are one batch. Two threads, so
// that one batch is written while the other waits for the disk; more would meet at the directory's lock.
namespace ekiden::local_delivery {
namespace {

constexpr unsigned threads = 2;
constexpr std::size_t batch_limit = 32;
constexpr std::size_t waiting_limit = 10'000;

}  // namespace

Batches::Batches(event::Loop& loop, int mail_root, const MailboxSettings& settings)
    : loop_(loop),
      mail_root_(mail_root),
      settings_(settings),
      arrived_(loop),
      pool_(loop, threads, threads),
      gate_(loop) {
    for (unsigned i = 0; i < threads; ++i) gate_.spawn(work());
}

Task<Result<ipc::RecipientOutcome>> Batches::deliver(ipc::Deliver message) {
    auto job = std::make_shared<Job>(loop_, std::move(message));
    for (unsigned attempts = 1;; ++attempts) {
        Result<MailboxOutcome> outcome = co_await attempt(job);
        if (!outcome) co_return pass(outcome);
        if (!outcome->locked || attempts >= settings_.locking.attempts)
            co_return std::move(outcome->recipient);
        co_await loop_.sleep(settings_.locking.delay);
    }
}

Task<Result<MailboxOutcome>> Batches::attempt(std::shared_ptr<Job> job) {
    if (waiting_.size() >= waiting_limit) co_return temporary("too many deliveries are waiting");
    job->outcome.reset();
    waiting_.push_back(job);
    arrived_.notify_all();
    while (!job->outcome) co_await job->done.wait(std::chrono::hours(1));
    co_return std::move(*job->outcome);
}

Task<> Batches::work() {
    while (true) {
        if (waiting_.empty()) {
            co_await arrived_.wait(std::chrono::hours(1));
            continue;
        }
        auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), batch_limit));
        std::vector<std::shared_ptr<Job>> batch(waiting_.begin(), waiting_.begin() + count);
        waiting_.erase(waiting_.begin(), waiting_.begin() + count);
        auto deliver_batch = [batch, root = mail_root_, &settings = settings_] {
            std::vector<const ipc::Deliver*> messages;
            for (const std::shared_ptr<Job>& job : batch) messages.push_back(&job->message);
            return deliver_to_mailboxes(messages, root, settings);
        };
        Result<std::vector<MailboxOutcome>> done = co_await pool_.run(std::move(deliver_batch));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            batch[i]->outcome = done ? Result<MailboxOutcome>(std::move((*done)[i])) : pass(done);
            batch[i]->done.notify_all();
        }
    }
}

}  // namespace ekiden::local_delivery
