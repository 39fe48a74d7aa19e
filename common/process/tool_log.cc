#include "common/process/tool_log.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log/facility.h"
#include "common/log/log_file.h"

namespace ekiden::process {
namespace {

OwnedFd connect_to_syslog(const std::string& path) {
    OwnedFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!fd || path.size() >= sizeof address.sun_path) return {};
    path.copy(address.sun_path, path.size());
    bool connected = ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return connected ? std::move(fd) : OwnedFd();
}

}  // namespace

ToolLog::ToolLog(const Settings& settings, const std::string& program)
    : program_(settings[param::syslog_name] + "/" + program),
      facility_(log::facility_named(settings[param::syslog_facility]).value_or(LOG_MAIL)),
      to_syslog_(settings[param::maillog_file].empty()) {
    const std::string& name = settings[param::myhostname];
    form_ = {name.substr(0, name.find('.')), settings[param::maillog_json]};
    const std::string& path = settings[param::maillog_file];
    if (to_syslog_) {
        out_ = connect_to_syslog(settings[param::syslog_socket]);
    } else if (path != log::standard_output) {  // which is this tool's own, for its user
        Result<OwnedFd> file = log::open_file(path, false);
        if (file) out_ = std::move(*file);
    }
}

void ToolLog::write(const log::Line& line) {
    if (!out_) return;
    log::Written written{line.level, line.when, line.text, line.json, program_, ::getpid()};
    std::string text = to_syslog_ ? log::print_for_syslog(written, facility_) : form_.print(written);
    // A line that is lost is no reason to stop.
    ssize_t octets = to_syslog_ ? ::send(out_.get(), text.data(), text.size(), MSG_NOSIGNAL)
                                : ::write(out_.get(), text.data(), text.size());
    (void)octets;
}

}  // namespace ekiden::process
