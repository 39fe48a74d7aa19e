// The end, in order: first who takes work in, then who hands it on, last who writes about it. What does not
// end by itself is killed; the queue on disk makes that harmless.
#include <csignal>

#include "common/log/events.h"
#include "common/process/notify.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

using Kind = ipc::Service;

struct Stage {
    std::vector<Kind> services;
    std::uint32_t seconds;  // to finish; half as much again before it is killed
};

const Stage stages[] = {
    {{Kind::smtpd, Kind::submission, Kind::pop3_front, Kind::pickup}, 2},
    {{Kind::pop3_session, Kind::session_starter, Kind::manager}, 4},
    {{Kind::relay, Kind::local_delivery}, 4},
    {{Kind::authd, Kind::pam_helper, Kind::router, Kind::resolver}, 2},
    {{Kind::logger}, 2},
};

}  // namespace

void Supervisor::terminate(int signal) {
    if (stopping_) return;
    stopping_ = true;
    process::notify_service_manager("STOPPING=1");
    log::emit(events::terminating, signal);
    chores_.spawn(stop_in_order());
}

Task<> Supervisor::stop_in_order() {
    for (const Stage& stage : stages) {
        std::vector<const process::Row*> rows;
        for (Kind service : stage.services) rows.push_back(&process::row_of(service));
        if (stage.services.front() == Kind::logger) log::emit(events::stopped);
        for (Process& process : processes_)
            if (std::ranges::find(rows, process.row) != rows.end()) drain(process, stage.seconds);
        bool gone = co_await wait_until_gone(rows, std::chrono::milliseconds(stage.seconds * 1500));
        if (gone) continue;
        for (Process& process : processes_)
            if (std::ranges::find(rows, process.row) != rows.end()) {
                log::emit(events::stop_forced, process.log_name, process.pid);
                kill(process.pid, SIGKILL);
            }
        co_await wait_until_gone(rows, std::chrono::seconds(5));
    }
    loop_.stop();
}

Task<bool> Supervisor::wait_until_gone(std::vector<const process::Row*> rows, Milliseconds time) {
    auto gone = [&] {
        return std::ranges::none_of(processes_, [&](const Process& process) {
            return std::ranges::find(rows, process.row) != rows.end();
        });
    };
    bool all_gone = co_await process_changed_.until(gone, time);
    co_return all_gone;
}

}  // namespace ekiden::master
