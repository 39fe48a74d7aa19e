// Windows work like Postfix's with its default feedback: a success adds 1/window, a failure takes 1 and
// counts 1/window towards death (a cohort). A destination stands in its transport's line when it has mail and
// room; taking one delivery moves it to the end, and the message it came from to the end of the destination's
// own line.
#include "queue/manager/scheduler.h"

#include <algorithm>
#include <utility>

namespace ekiden::queue {

std::optional<std::string> Scheduler::dead(const DestinationKey& destination, std::int64_t now_us) const {
    auto it = dead_.find(destination);
    if (it == dead_.end() || it->second.until_us <= now_us) return std::nullopt;
    return it->second.reason;
}

// Where the destination is one user of this host, more at once would only wait for each other.
int Scheduler::widest(const DestinationKey& key) const {
    return key.transport == "local" ? limits_.local_concurrency : limits_.concurrency;
}

void Scheduler::add(Sequence message, const DestinationKey& key, std::vector<std::int64_t> recipients) {
    if (recipients.empty()) return;
    Destination& destination = destinations_[key];
    if (destination.window == 0) {
        destination.key = key;
        destination.window = std::max(1, std::min(limits_.initial_concurrency, widest(key)));
        dead_.erase(key);
    }
    destination.jobs.push_back(Job{message, std::deque<std::int64_t>(recipients.begin(), recipients.end())});
    line_up(destination);
}

void Scheduler::line_up(Destination& destination) {
    if (destination.queued || !destination.ready()) return;
    destination.queued = true;
    transports_[destination.key.transport].line.push_back(&destination);
}

std::optional<Delivery> Scheduler::next() {
    // Each transport once, beginning after the one that was served last.
    auto start = transports_.upper_bound(last_transport_);
    for (std::size_t tried = 0; tried < transports_.size(); ++tried, ++start) {
        if (start == transports_.end()) start = transports_.begin();
        Transport& transport = start->second;
        while (!transport.line.empty() && transport.running < limits_.transport) {
            Destination& destination = *transport.line.front();
            transport.line.pop_front();
            destination.queued = false;
            if (!destination.ready()) {  // withdrawn, or the window shrank
                forget_if_idle(destination);
                continue;
            }
            last_transport_ = start->first;
            ++transport.running;
            return take(destination);
        }
    }
    return std::nullopt;
}

Delivery Scheduler::take(Destination& destination) {
    Job job = std::move(destination.jobs.front());
    destination.jobs.pop_front();
    Delivery delivery{next_delivery_++, job.message, destination.key, {}};
    // Each mailbox is a delivery of its own, in the process of its owner (virtual_destination_recipient_limit
    // = 1).
    bool mailbox = destination.key.transport == "virtual" || destination.key.transport == "local";
    int most = mailbox ? 1 : limits_.recipients;
    while (!job.recipients.empty() && static_cast<int>(delivery.recipients.size()) < most) {
        delivery.recipients.push_back(job.recipients.front());
        job.recipients.pop_front();
    }
    if (!job.recipients.empty()) destination.jobs.push_back(std::move(job));
    ++destination.running;
    running_[delivery.id] = &destination;
    line_up(destination);
    return delivery;
}

Scheduler::Destination& Scheduler::finish(std::int64_t delivery) {
    auto it = running_.find(delivery);
    Destination& destination = *it->second;
    running_.erase(it);
    --destination.running;
    --transports_[destination.key.transport].running;
    return destination;
}

void Scheduler::succeeded(std::int64_t delivery) {
    if (!running_.contains(delivery)) return;
    Destination& destination = finish(delivery);
    destination.failures = 0;
    // A window that is not used up tells nothing about a wider one.
    if (!destination.jobs.empty() || destination.running + 1 >= static_cast<int>(destination.window))
        destination.window =
            std::min<double>(widest(destination.key), destination.window + 1 / destination.window);
    line_up(destination);
    forget_if_idle(destination);
}

void Scheduler::abandoned(std::int64_t delivery) {
    if (!running_.contains(delivery)) return;
    Destination& destination = finish(delivery);
    line_up(destination);
    forget_if_idle(destination);
}

std::vector<Postponed> Scheduler::failed(std::int64_t delivery, const std::string& reason,
                                         std::int64_t now_us) {
    std::vector<Postponed> given_back;
    if (!running_.contains(delivery)) return given_back;
    Destination& destination = finish(delivery);
    destination.failures += 1 / destination.window;
    destination.window = std::max(1.0, destination.window - 1);
    if (destination.failures >= 0.999) {
        bury(destination, reason, now_us);
        for (Job& job : destination.jobs)
            given_back.push_back(
                {job.message, std::vector<std::int64_t>(job.recipients.begin(), job.recipients.end())});
        destination.jobs.clear();
    }
    line_up(destination);
    forget_if_idle(destination);
    return given_back;
}

void Scheduler::bury(const Destination& destination, const std::string& reason, std::int64_t now_us) {
    if (dead_.size() >= limits_.dead_destinations)
        std::erase_if(dead_, [&](const auto& d) { return d.second.until_us <= now_us; });
    if (dead_.size() >= limits_.dead_destinations) return;  // then it is simply tried again
    dead_[destination.key] = Dead{now_us + limits_.dead_for_us, reason};
}

void Scheduler::forget_if_idle(Destination& destination) {
    if (destination.queued || destination.running > 0 || !destination.jobs.empty()) return;
    destinations_.erase(DestinationKey(destination.key));
}

void Scheduler::withdraw(Sequence message) {
    for (auto it = destinations_.begin(); it != destinations_.end();) {
        Destination& destination = (it++)->second;
        std::erase_if(destination.jobs, [message](const Job& job) { return job.message == message; });
        forget_if_idle(destination);
    }
}

double Scheduler::window(const DestinationKey& destination) const {
    auto it = destinations_.find(destination);
    return it == destinations_.end() ? 0 : it->second.window;
}

}  // namespace ekiden::queue
