#pragma once
// One line of master.cf while it runs: its listeners, which live as long as the line, and its workers, who
// come and go.
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "common/config/snapshot.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/control.h"
#include "common/process/privileges.h"

namespace ekiden::master {

struct Listening {
    std::string address;  // "127.0.0.1:25", "unix:/…/public/queue"
    OwnedFd fd;
};

struct Service;

struct Process {
    Service* service;  // null: the line is gone, and this one only finishes its work
    const process::Row* row;
    std::string name;  // of the master.cf line
    std::string log_name;
    std::uint32_t worker;  // its number among all workers of the IPC service
    std::uint64_t incarnation;
    std::int32_t pid;
    std::int64_t started;         // wall seconds
    std::int64_t started_steady;  // milliseconds
    std::int64_t last_answer;     // milliseconds, steady
    bool ready = false;
    bool draining = false;
    std::string failure{};  // what StartFailed said
    std::vector<ipc::NamedValue> counters{};
    std::unique_ptr<ipc::Channel> control{};
};

struct Service {
    config::ServiceEntry entry;
    const process::Row* row;
    Settings settings;
    std::vector<Listening> listening;
    unsigned wanted = 1;  // workers
    std::uint64_t restarts = 0;
    Milliseconds pause{0};  // before the next start, grows while workers die at once
    bool restart_planned = false;
    std::string certificates;  // PEM, where the row speaks TLS
    Secret key;
};

inline ipc::PeerDraining draining_notice(const Process& process) {
    return {process.row->service, process.worker, process.incarnation};
}

// The same line of master.cf before and after a reload?
inline std::string key_of(const config::ServiceEntry& entry) {
    return entry.name + "/" + std::string(config::name_of(entry.type)) + "/" + entry.command;
}

}  // namespace ekiden::master
