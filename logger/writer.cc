// How: lines gather and are written once a round of the loop, so that a burst costs one system call. The log
// is not worth a delivery: when the disk is full lines are lost, counted, and the count is told once there is
// room again.
#include "logger/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>

#include "common/log/facility.h"
#include "common/log/log_file.h"
#include "common/log/logger.h"
#include "common/text/ascii.h"

namespace ekiden::logger {
namespace {

constexpr std::size_t gathered_limit = 4 * 1024 * 1024;
constexpr std::size_t senders_limit = 10'000;

// Postfix has programs of their own for some of what our queue manager and local-delivery do, and log tools
// look for them. No others may speak in their names.
std::string program_of(const ipc::LogLine& line, const ipc::Sender& sender) {
    using Programs = std::map<std::string_view, std::string_view>;
    static const Programs managers = {
        {"message_id", "cleanup"},       {"sender_notice", "bounce"},           {"delay_notice", "bounce"},
        {"postmaster_notice", "bounce"}, {"postmaster_delay_notice", "bounce"}, {"queue_outcome", "error"},
        {"local_delivery", "local"}};
    static const Programs deliverers = {{"local_delivery", "local"}, {"forward_ignored", "local"}};
    bool delivers = sender.service == ipc::Service::local_delivery;
    if (sender.service != ipc::Service::manager && !delivers) return sender.log_name;
    const Programs& others = delivers ? deliverers : managers;
    auto found = others.find(line.event);
    std::size_t slash = sender.log_name.rfind('/');
    if (found == others.end() || slash == std::string::npos) return sender.log_name;
    return sender.log_name.substr(0, slash + 1) + std::string(found->second);
}

}  // namespace

std::string Form::print(const ipc::LogLine& line, const ipc::Sender& sender) const {
    std::string program = program_of(line, sender);
    return log::Form::print(
        {static_cast<log::Level>(line.level), line.when, line.text, line.json, program, sender.pid});
}

Result<> Writer::open(process::Worker& worker) {
    reconfigure(worker);
    path_ = worker.settings()[param::maillog_file];
    to_syslog_ = path_.empty();
    if (to_syslog_) return open_syslog(worker.settings()[param::syslog_socket]);
    // Master left it to this process; by its name another user could not open it.
    to_standard_output_ = path_ == log::standard_output;
    if (to_standard_output_) {
        out_.reset(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
        return out_ ? Result<>() : Result<>(system_error("standard output", errno));
    }
    worker.paths().write.push_back(std::filesystem::path(path_).parent_path());
    return open_file();
}

void Writer::reconfigure(process::Worker& worker) {
    const std::string& name = worker.settings()[param::myhostname];
    form_ = {{name.substr(0, name.find('.')), worker.settings()[param::maillog_json]}};
    facility_ = log::facility_named(worker.settings()[param::syslog_facility]).value_or(LOG_MAIL);
    rate_limit_ = worker.settings()[param::maillog_rate_limit];
}

Result<> Writer::open_file() {
    Result<OwnedFd> file = log::open_file(path_, true);
    if (!file) return pass(file);
    out_ = std::move(*file);
    return {};
}

Result<> Writer::open_syslog(const std::string& path) {
    OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return system_error("socket for syslog", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return malformed("syslog_socket " + path + ": too long");
    path.copy(address.sun_path, path.size());
    // Without a syslogd lines are lost and counted; the mail goes on.
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) out_ = std::move(fd);
    return {};
}

void Writer::keep(process::Worker& worker) {
    something_ = std::make_unique<event::Signal>(worker.loop());
    worker.chores().spawn(flush_each_round(worker.loop()));
}

Task<> Writer::flush_each_round(event::Loop&) {
    for (;;) {
        if (gathered_.empty()) co_await something_->wait(std::chrono::seconds(10));
        flush();
    }
}

bool Writer::over_rate(const ipc::Sender& sender) {
    if (rate_limit_ == 0) return false;
    if (rates_.size() > senders_limit) rates_.clear();
    Rate& rate = rates_[sender.pid];
    std::int64_t now = system_clock().wall_seconds();
    if (rate.second != now) {
        std::int64_t dropped = std::exchange(rate, Rate{now, 0, 0}).dropped;
        if (dropped > 0)
            gathered_ += form_.print({LOG_WARNING, system_clock().wall_us(), "lines_dropped",
                                      fmt::format("warning: {} log lines were dropped", dropped),
                                      fmt::format("{{\"event\":\"lines_dropped\",\"count\":{}}}", dropped)},
                                     sender);
    }
    if (++rate.lines <= rate_limit_) return false;
    ++rate.dropped;
    ++lost_;
    return true;
}

void Writer::write(const ipc::LogLine& line, const ipc::Sender& sender) {
    if (over_rate(sender)) return;
    if (to_syslog_) {
        std::string program = program_of(line, sender);
        std::string text = log::print_for_syslog(
            {static_cast<log::Level>(line.level), line.when, line.text, line.json, program, sender.pid},
            facility_);
        bool sent = out_ && send(out_.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
        ++(sent ? written_ : lost_);
        return;
    }
    if (gathered_.size() > gathered_limit) {
        ++lost_;
        return;
    }
    gathered_ += form_.print(line, sender);
    ++written_;
    if (something_) something_->notify_all();
}

void Writer::look_for_rotation() {
    if (to_syslog_ || to_standard_output_ || log::is_file_named(out_.get(), path_)) return;
    // Where a new file cannot be made the old one goes on taking the lines.
    if (Result<> opened_anew = open_file(); !opened_anew) return;
}

void Writer::flush() {
    if (gathered_.empty() || to_syslog_) return;
    std::int64_t now = system_clock().wall_seconds();
    if (std::exchange(looked_at_, now) != now) look_for_rotation();
    for (std::string_view rest = gathered_; !rest.empty();) {
        ssize_t written = ::write(out_.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            ++lost_;
            break;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    gathered_.clear();
}

std::vector<ipc::NamedValue> Writer::counters() const {
    return {{"lines", std::to_string(written_)}, {"lines_lost", std::to_string(lost_)}};
}

}  // namespace ekiden::logger
