#pragma once
// The privilege table: for each program the user it becomes and what it may do once it has begun. DESIGN's
// table in code; docs/privsep.md tells what a captured process could still do. Tests compare /proc with these
// rows.
#include <span>
#include <string_view>

#include "common/config/params.h"
#include "common/ipc/senders.h"

namespace ekiden::process {

struct Row {
    ipc::Service service;
    std::string_view program;                   // the command in master.cf, a file in daemon_directory
    std::string_view log_name;                  // Postfix's name of what does this job, for log lines
    const Param<std::string>* owner = nullptr;  // the parameter that names its user; null: it stays root
    bool empty_root = false;                    // chroot to empty_directory, opens nothing
    bool internet = false;                      // may make TCP and UDP sockets of its own
    bool unix_datagrams = false;                // may send to syslogd's socket
    bool children = false;                      // may fork (never execve)
    bool speaks_tls = false;                    // is given certificate and key
    bool reloads_in_place = false;              // takes a new configuration without being replaced
    bool single = false;                        // never more than one worker
    bool foreign_code = false;  // runs what is not ours (PAM's modules, a program): no filter of its own
    const Param<bool>* only_with = nullptr;  // runs where this is yes; null: always
    // Below queue_directory/public, for the administrator's tools; empty: none.
    std::string_view admin_socket = {};
    bool open_to_users = false;  // that socket is for everybody on this host, as Service::user
};

std::span<const Row> rows();
// The row of a program of master.cf, or null when there is no such program.
const Row* row_of_program(std::string_view program);
const Row& row_of(ipc::Service service);

}  // namespace ekiden::process
