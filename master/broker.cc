// The broker: a socketpair for each pair of workers that may speak, one end to each. A worker that is
// replaced gets fresh ends, and so do its peers; nobody ever looks for anybody by a path.
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/events.h"
#include "master/supervisor.h"

namespace ekiden::master {

void Supervisor::connect_to_peers(Process& process) {
    ipc::Service service = process.row->service;
    if (service == ipc::Service::logger) connect_to_logger(process);
    for (Process& other : processes_) {
        if (&other == &process || !ipc::linked(service, other.row->service)) continue;
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            log::emit(events::start_failed, process.log_name, strerror(errno));
            return;
        }
        OwnedFd one(ends[0]), two(ends[1]);
        process.control->tell(ipc::PeerEnd{other.row->service, other.worker, other.incarnation, other.pid,
                                           other.log_name, std::move(one)});
        other.control->tell(ipc::PeerEnd{service, process.worker, process.incarnation, process.pid,
                                         process.log_name, std::move(two)});
    }
}

// Master's own lines take the same way as everybody's.
void Supervisor::connect_to_logger(Process& logger) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    OwnedFd ours(ends[0]), theirs(ends[1]);
    std::string log_name = logger.service->settings[param::syslog_name] + "/master";
    logger.control->tell(
        ipc::PeerEnd{ipc::Service::master, 0, logger.incarnation, getpid(), log_name, std::move(theirs)});
    ipc::Sender sender{ipc::Service::logger, 0, logger.incarnation, logger.pid, logger.log_name};
    // A channel that is still being replaced may be the one whose end is being told; it goes with the next
    // one.
    old_log_channel_ = std::move(log_channel_);
    log_channel_ = std::make_unique<ipc::Channel>(loop_, std::move(ours), ipc::Service::master, sender,
                                                  child_dispatcher_, [](ipc::Channel&) {});
}

}  // namespace ekiden::master
