// Chores: asking the children whether they live, looking whether certificate files changed.
#include <csignal>

#include "common/log/events.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

constexpr Seconds longest_ping_interval(10);
constexpr auto identity_interval = std::chrono::seconds(2);

}  // namespace

Task<> Supervisor::watch_children() {
    for (;;) {
        Seconds hung_after = snapshot_.settings().value()[param::hung_timeout];
        co_await loop_.sleep(std::clamp<Milliseconds>(hung_after / 3, Seconds(1), longest_ping_interval));
        doomed_.clear();
        for (const Process& process : processes_) chores_.spawn(ping(process.pid, hung_after));
    }
}

Task<> Supervisor::ping(std::int32_t pid, Seconds hung_after) {
    Process* process = find(pid);
    if (!process || !process->control->open()) co_return;
    Result<ipc::Counters> counters = co_await process->control->ask(ipc::Ping{}, hung_after);
    process = find(pid);  // it may have ended meanwhile
    if (!process) co_return;
    if (counters) {
        process->counters = std::move(counters->values);
        process->last_answer = system_clock().steady_us() / 1000;
        co_return;
    }
    if (!process->control->open() || stopping_) co_return;
    log::emit(events::process_hung, process->log_name, pid, hung_after.count());
    kill(pid, SIGKILL);
}

Task<> Supervisor::watch_identities() {
    for (;;) {
        co_await loop_.sleep(identity_interval);
        if (!identities_.changed()) continue;
        for (auto& [key, service] : services_) {
            if (!service->row->speaks_tls) continue;
            const std::string& file = service->settings[param::smtpd_tls_cert_file];
            Result<net::Identity> identity = identities_.read(service->settings);
            if (!identity) {
                log::emit(events::tls_identity_failed, file, identity.error());
                continue;
            }
            service->certificates = std::move(identity->certificates);
            service->key = std::move(identity->key);
            log::emit(events::tls_identity_loaded, file);
            for (Process& process : processes_)
                if (process.service == service.get()) send_identity(process);
        }
    }
}

}  // namespace ekiden::master
