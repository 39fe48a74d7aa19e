#include "common/event/offload.h"

#include <sys/eventfd.h>

#include <csignal>
#include <stdexcept>

namespace ekiden::event {

Offload::Offload(Loop& loop, unsigned threads, std::size_t queue_limit)
    : loop_(loop), queue_limit_(queue_limit), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::runtime_error("no eventfd for the thread pool");
    auto callback = [](int, short, void* self) { static_cast<Offload*>(self)->collect(); };
    if (event_assign(&wake_event_, loop.base(), wake_.get(), EV_READ | EV_PERSIST, callback, this) != 0 ||
        event_add(&wake_event_, nullptr) != 0)
        throw std::runtime_error("libevent: event for the thread pool");
    // Signals belong to the loop's thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Offload::~Offload() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        jobs_.clear();
    }
    available_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    event_del(&wake_event_);
}

std::size_t Offload::waiting() const {
    std::lock_guard lock(mutex_);
    return jobs_.size();
}

bool Offload::submit(Job job) {
    {
        std::lock_guard lock(mutex_);
        if (jobs_.size() >= queue_limit_) return false;
        jobs_.push_back(std::move(job));
    }
    available_.notify_one();
    return true;
}

void Offload::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        available_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job.work();
        lock.lock();
        bool first = done_.empty();
        done_.push_back(std::move(job));
        lock.unlock();
        if (first) eventfd_write(wake_.get(), 1);
    }
}

void Offload::collect() {
    eventfd_t count = 0;
    eventfd_read(wake_.get(), &count);
    std::vector<Job> done;
    {
        std::lock_guard lock(mutex_);
        done.swap(done_);
    }
    for (Job& job : done) job.finished();
}

}  // namespace ekiden::event
