#pragma once
// Readiness for a service manager that asked for it (sd_notify's protocol: one datagram to $NOTIFY_SOCKET).
#include <string>

namespace ekiden::process {

// Does nothing where NOTIFY_SOCKET is not set.
void notify_service_manager(const std::string& state);

}  // namespace ekiden::process
