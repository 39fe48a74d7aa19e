// A new generation: read and checked as a whole before anything changes, then tried: one new worker of each
// service must say that it is ready, else the generation in force stays. Programs that reload in place get
// the new snapshot; the others are replaced by new workers on the same listening sockets, while the old ones
// finish what they have.
#include <fcntl.h>
#include <fmt/format.h>

#include <csignal>

#include "common/log/events.h"
#include "common/suite/check.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

constexpr Milliseconds trial_time = std::chrono::seconds(30);

// Whether so many descriptors more can be made: nothing is changed that could not be told to everybody.
Result<> room_for(std::size_t descriptors, const OwnedFd& any) {
    std::vector<OwnedFd> made;
    while (made.size() < descriptors)
        if (!made.emplace_back(fcntl(any.get(), F_DUPFD_CLOEXEC, 0)))
            return system_error("descriptors for the new configuration", errno);
    return {};
}

}  // namespace

bool Supervisor::begin_reload() {
    if (reloading_ || !reported_ || stopping_) {
        log::emit(events::reload_refused, "not now: it is still starting, or another reload is under way");
        return false;
    }
    reloading_ = true;
    chores_.spawn(reload());
    return true;
}

Task<> Supervisor::reload() {
    last_reload_ = try_generation();
    if (last_reload_) {
        Result<> passed = co_await trial();
        last_reload_ = std::move(passed);
        if (!stopping_) last_reload_ ? take_generation() : give_up_generation();
    }
    if (last_reload_)
        log::emit(events::reloaded, version, options_.config_directory, snapshot_.generation);
    else
        log::emit(events::reload_refused, last_reload_.error());
    reloading_ = false;
    process_changed_.notify_all();
}

// Reads and checks everything, and starts one worker of each service that will be replaced.
Result<> Supervisor::try_generation() {
    config::Checked checked = suite::check(options_.config_directory, snapshot_.generation + 1);
    if (!checked.snapshot) {
        std::string all;
        for (const config::Finding& finding : checked.findings)
            if (finding.severity == config::Severity::error)
                all += (all.empty() ? "" : "; ") + config::format(finding);
        return malformed(all);
    }
    Result<OwnedFd> sealed = config::seal(*checked.snapshot);
    if (!sealed) return pass(sealed);
    Result<Services> next = make_services(*checked.snapshot, &services_);
    if (!next) return pass(next);
    // A copy for each process while it is under way, and one to copy from.
    if (Result<> room = room_for(processes_.size() + 1, *sealed); !room) return room;
    before_.emplace(std::move(snapshot_), std::move(sealed_), std::move(services_));
    snapshot_ = std::move(*checked.snapshot);
    sealed_ = std::move(*sealed);
    services_ = std::move(*next);
    first_tried_ = next_incarnation_;
    trial_failure_.clear();
    for (auto& [key, service] : services_)
        if (needs_trial(key, *service) && !spawn(*service) && trial_failure_.empty())
            trial_failure_ = "service " + service->entry.name + ": no process can be started";
    return {};
}

// Programs that take the new generation in place are not started twice.
bool Supervisor::needs_trial(const std::string& key, const Service& service) const {
    return !service.row->reloads_in_place || !before_->services.contains(key);
}

Task<Result<>> Supervisor::trial() {
    const Deadline deadline(trial_time);
    for (;;) {
        if (stopping_) co_return temporary("the mail system is being stopped");
        if (!trial_failure_.empty()) co_return permanent("a new worker cannot start: " + trial_failure_);
        std::string missing;
        for (const auto& [key, service] : services_)
            if (needs_trial(key, *service) && std::ranges::none_of(processes_, [&](const Process& process) {
                    return process.service == service.get() && process.ready;
                }))
                missing += " " + service->entry.name;
        if (missing.empty()) co_return Result<>();
        if (deadline.passed()) co_return temporary("new workers are not ready in time:" + missing);
        co_await process_changed_.wait(deadline.left());
    }
}

void Supervisor::take_generation() {
    Services before = std::move(before_->services);
    std::vector<Process*> old;
    for (Process& process : processes_)
        if (!process.draining && !is_tried(process)) old.push_back(&process);
    before_.reset();
    for (Process* process : old) {
        auto found = services_.find(key_of(process->service->entry));
        Service* service = found == services_.end() ? nullptr : found->second.get();
        process->service = service;
        if (service && process->row->reloads_in_place) {
            ipc::NewSnapshot fresh{
                snapshot_.generation, {}, OwnedFd(fcntl(sealed_.get(), F_DUPFD_CLOEXEC, 0))};
            for (const auto& [name, value] : snapshot_.overrides_of(service->entry))
                fresh.overrides.push_back({name, value});
            // Who cannot be told is replaced: the successor begins with this generation.
            if (!fresh.snapshot || !process->control->tell(fresh)) kill(process->pid, SIGKILL);
        } else {
            drain(*process,
                  static_cast<std::uint32_t>(snapshot_.settings().value()[param::reload_drain_time].count()));
        }
    }
    for (auto& [key, service] : services_) start_missing(*service);
}

// The workers of the generation in force have gone on all the while. Those that were tried may have clients
// already, who are served to their end.
void Supervisor::give_up_generation() {
    Services tried = std::move(services_);
    std::vector<Process*> started;
    for (Process& process : processes_)
        if (!process.draining && is_tried(process)) started.push_back(&process);
    snapshot_ = std::move(before_->snapshot);
    sealed_ = std::move(before_->sealed);
    services_ = std::move(before_->services);
    before_.reset();
    const auto time =
        static_cast<std::uint32_t>(snapshot_.settings().value()[param::reload_drain_time].count());
    for (Process* process : started) drain(*process, time);
    for (auto& [key, service] : services_) {
        service->restart_planned = false;
        start_missing(*service);
    }
}

void Supervisor::drain(Process& process, std::uint32_t seconds) {
    process.draining = true;
    process.service = nullptr;
    // Where there will be others, nobody gives this one new work. At the end of all, order does that.
    if (!stopping_)
        for (Process& other : processes_)
            if (&other != &process && ipc::linked(process.row->service, other.row->service))
                other.control->tell(draining_notice(process));
    process.control->tell(ipc::Drain{seconds, !stopping_});
}

}  // namespace ekiden::master
