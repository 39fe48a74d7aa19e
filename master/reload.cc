// A new generation: read and checked as a whole before anything changes. Programs that reload in place get
// the new snapshot; the others are replaced by new workers on the same listening sockets, while the old ones
// finish what they have.
#include <fcntl.h>
#include <fmt/format.h>

#include <csignal>

#include "common/log/events.h"
#include "common/tables/check.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

// Whether so many descriptors more can be made: nothing is changed that could not be told to everybody.
Result<> room_for(std::size_t descriptors, const OwnedFd& any) {
    std::vector<OwnedFd> made;
    while (made.size() < descriptors)
        if (!made.emplace_back(fcntl(any.get(), F_DUPFD_CLOEXEC, 0)))
            return system_error("descriptors for the new configuration", errno);
    return {};
}

}  // namespace

Result<> Supervisor::reload() {
    config::Checked checked = tables::check(options_.config_directory, snapshot_.generation + 1);
    if (!checked.snapshot) {
        std::string all;
        for (const config::Finding& finding : checked.findings)
            if (finding.severity == config::Severity::error)
                all += (all.empty() ? "" : "; ") + config::format(finding);
        log::emit(events::reload_refused, all);
        return malformed(all);
    }
    Result<OwnedFd> sealed = config::seal(*checked.snapshot);
    Result<Services> next =
        sealed ? make_services(*checked.snapshot, &services_) : Result<Services>(pass(sealed));
    // A copy for each process while it is under way, and one to copy from.
    if (next)
        if (Result<> room = room_for(processes_.size() + 1, *sealed); !room) next = pass(room);
    if (!next) {
        log::emit(events::reload_refused, next.error());
        return pass(next);
    }
    snapshot_ = std::move(*checked.snapshot);
    sealed_ = std::move(*sealed);
    replace(std::move(*next));
    log::emit(events::reloaded, version, options_.config_directory, snapshot_.generation);
    return {};
}

void Supervisor::replace(Services next) {
    Services before = std::move(services_);
    services_ = std::move(next);
    std::vector<Process*> old;
    for (Process& process : processes_)
        if (!process.draining) old.push_back(&process);
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

void Supervisor::drain(Process& process, std::uint32_t seconds) {
    process.draining = true;
    process.service = nullptr;
    // Where there will be others, nobody gives this one new work. At the end of all, order does that.
    if (!stopping_)
        for (Process& other : processes_)
            if (&other != &process && ipc::linked(process.row->service, other.row->service))
                other.control->tell(draining_notice(process));
    process.control->tell(ipc::Drain{seconds});
}

}  // namespace ekiden::master
