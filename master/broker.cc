// The broker: a socketpair for each pair of workers that may speak, one end to each. A worker that is
// replaced gets fresh ends, and so do its peers; nobody ever looks for anybody by a path.
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/events.h"
#include "master/supervisor.h"

namespace ekiden::master {
namespace {

constexpr auto mend_pause = std::chrono::seconds(1);

}  // namespace

void Supervisor::connect_to_peers(Process& process) {
    ipc::Service service = process.row->service;
    if (service == ipc::Service::logger) connect_to_logger(process);
    for (Process& other : processes_)
        if (&other != &process && ipc::linked(service, other.row->service)) connect(process, other);
}

void Supervisor::connect(Process& one, Process& other) {
    auto end = [](const Process& far, OwnedFd fd) {
        return ipc::PeerEnd{far.row->service, far.worker,   far.incarnation, far.pid,
                            far.log_name,     far.draining, std::move(fd)};
    };
    int ends[2];
    bool made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
    if (made) {
        OwnedFd first(ends[0]), second(ends[1]);
        made = one.control->tell(end(other, std::move(first)));
        made = other.control->tell(end(one, std::move(second))) && made;
    } else {
        log::emit(events::start_failed, one.log_name, strerror(errno));
    }
    if (!made) mend_later(one.incarnation, other.incarnation);
}

// Mostly a worker has ended, and its successor gets channels anyway. Where both live, only the channel broke.
void Supervisor::hear_of_loss(const ipc::PeerLost& lost, const ipc::Sender& sender) {
    const Process* reporter = find(sender.pid);
    if (!reporter) return;
    // Master's own end at the logger carries the logger's number.
    bool own = lost.service == ipc::Service::master && reporter->row->service == ipc::Service::logger &&
               lost.incarnation == reporter->incarnation;
    const Process* other = find_incarnation(lost.incarnation);
    if (own || (other && ipc::linked(reporter->row->service, other->row->service)))
        mend_later(reporter->incarnation, lost.incarnation);
}

// Both ends may report the same loss, which is mended once.
void Supervisor::mend_later(std::uint64_t one, std::uint64_t other) {
    if (one > other) std::swap(one, other);
    if (!stopping_ && mending_.emplace(one, other).second) chores_.spawn(mend(one, other));
}

Task<> Supervisor::mend(std::uint64_t one, std::uint64_t other) {
    co_await loop_.sleep(mend_pause);
    mending_.erase({one, other});
    Process* first = find_incarnation(one);
    Process* second = find_incarnation(other);
    if (stopping_ || !first || !second || first->draining || second->draining) co_return;
    if (first == second) {
        connect_to_logger(*first);
        flush_log();
    } else {
        connect(*first, *second);
    }
}

// Master's own lines take the same way as everybody's.
void Supervisor::connect_to_logger(Process& logger) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        log::emit(events::start_failed, logger.log_name, strerror(errno));
        return mend_later(logger.incarnation, logger.incarnation);
    }
    OwnedFd ours(ends[0]), theirs(ends[1]);
    std::string log_name = logger.service->settings[param::syslog_name] + "/master";
    ipc::PeerEnd end{ipc::Service::master, 0, logger.incarnation, getpid(), log_name, false,
                     std::move(theirs)};
    if (!logger.control->tell(end)) return mend_later(logger.incarnation, logger.incarnation);
    ipc::Sender sender{ipc::Service::logger, 0, logger.incarnation, logger.pid, logger.log_name};
    // A channel that is still being replaced may be the one whose end is being told; it goes with the next
    // one.
    old_log_channel_ = std::move(log_channel_);
    log_channel_ = std::make_unique<ipc::Channel>(loop_, std::move(ours), ipc::Service::master, sender,
                                                  child_dispatcher_, [](ipc::Channel&) {});
}

}  // namespace ekiden::master
