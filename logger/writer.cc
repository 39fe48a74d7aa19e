// How: lines gather and are written once a round of the loop, so that a burst costs one system call. The log
// is not worth a delivery: while the disk is full, or the reader of a pipe behind, lines gather up to a
// bound; then they are lost, counted, and the count is told once there is room again (backlog.h).
#include "logger/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <optional>

#include "common/log/events.h"
#include "common/log/facility.h"
#include "common/log/log_file.h"
#include "common/log/logger.h"
#include "common/text/ascii.h"

namespace ekiden::logger {
namespace {

constexpr std::size_t gathered_limit = 4 * 1024 * 1024;
constexpr std::size_t senders_limit = 10'000;
constexpr Milliseconds try_again = std::chrono::seconds(1);  // after what no event tells the end of
constexpr Milliseconds last_wait = std::chrono::seconds(1);  // of the two that master gives the logger
constexpr Milliseconds try_soon{50};                         // where a reader cannot be waited for

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

log::Line lines_dropped(std::uint64_t count) {
    using Dropped = decltype(events::lines_dropped);
    log::Value value(count);
    return log::render(Dropped::name, Dropped::level, Dropped::text, &value, 1);
}

ipc::LogLine as_sent(const log::Line& line) {
    return {static_cast<std::uint8_t>(line.level), line.when, std::string(line.event), line.text, line.json};
}

// What an edge-triggered wait can watch; a terminal, or /dev/null, is tried again instead.
bool can_be_watched(int fd) {
    struct stat is{};
    return fstat(fd, &is) == 0 && (S_ISFIFO(is.st_mode) || S_ISSOCK(is.st_mode));
}

bool is_file(int fd) {
    struct stat is{};
    return fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
}

}  // namespace

std::string Form::print(const ipc::LogLine& line, const ipc::Sender& sender) const {
    std::string program = program_of(line, sender);
    return log::Form::print(
        {static_cast<log::Level>(line.level), line.when, line.text, line.json, program, sender.pid});
}

Writer::Writer()
    : backlog_(gathered_limit, [this](std::uint64_t count) { return lines_dropped_line(count); }) {}

Result<> Writer::open(process::Worker& worker) {
    reconfigure(worker);
    path_ = worker.settings()[param::maillog_file];
    to_syslog_ = path_.empty();
    if (to_syslog_) {
        path_ = worker.settings()[param::syslog_socket];
        return open_syslog();
    }
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
    own_name_ = {ipc::Service::logger, 0, 0, getpid(), worker.settings()[param::syslog_name] + "/postlogd"};
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

Result<> Writer::open_syslog() {
    OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return system_error("socket for syslog", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return malformed("syslog_socket " + path_ + ": too long");
    path_.copy(address.sun_path, path_.size());
    // Without a syslogd lines are lost and counted; the mail goes on. It is looked for again (send).
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) out_ = std::move(fd);
    return {};
}

void Writer::keep(process::Worker& worker) {
    something_ = std::make_unique<event::Signal>(worker.loop());
    worker.chores().spawn(flush_each_round(worker.loop()));
}

Task<> Writer::flush_each_round(event::Loop& loop) {
    // Standard output stays the same; here, for the watch must go before the loop.
    std::optional<event::Watch> watch;
    if (to_standard_output_ && can_be_watched(out_.get())) watch.emplace(loop, out_.get());
    for (;;) {
        if (backlog_.empty()) co_await something_->wait(std::chrono::seconds(10));
        Backlog::Outcome outcome = write_out();
        if (outcome == Backlog::Outcome::all_written) continue;
        if (outcome == Backlog::Outcome::no_room && watch) {
            watch->full();
            co_await watch->writable(try_again);
        } else {
            co_await loop.sleep(outcome == Backlog::Outcome::no_room ? try_soon : try_again);
        }
    }
}

void Writer::flush() {
    if (write_out() == Backlog::Outcome::no_room)
        (void)backlog_.write_within(out_.get(), Backlog::Target::stream, last_wait);
}

bool Writer::over_rate(const ipc::Sender& sender) {
    if (rate_limit_ == 0) return false;
    if (rates_.size() > senders_limit) rates_.clear();
    Rate& rate = rates_[sender.pid];
    std::int64_t now = system_clock().wall_seconds();
    if (rate.second != now) {
        std::int64_t dropped = std::exchange(rate, Rate{now, 0, 0}).dropped;
        if (dropped > 0) put(lines_dropped(static_cast<std::uint64_t>(dropped)), sender);
    }
    if (++rate.lines <= rate_limit_) return false;
    ++rate.dropped;
    ++over_rate_;
    return true;
}

void Writer::write(const ipc::LogLine& line, const ipc::Sender& sender) {
    if (!over_rate(sender)) put(line, sender);
}

void Writer::put(const ipc::LogLine& line, const ipc::Sender& sender) {
    if (to_syslog_) return send_to_syslog(line, sender);
    backlog_.add(form_.print(line, sender));
    if (something_) something_->notify_all();
}

void Writer::put(const log::Line& line, const ipc::Sender& sender) { put(as_sent(line), sender); }

std::string Writer::lines_dropped_line(std::uint64_t count) const {
    return form_.print(as_sent(lines_dropped(count)), own_name_);
}

bool Writer::send(const ipc::LogLine& line, const ipc::Sender& sender) {
    std::string program = program_of(line, sender);
    std::string text = log::print_for_syslog(
        {static_cast<log::Level>(line.level), line.when, line.text, line.json, program, sender.pid},
        facility_);
    for (bool anew = false;; anew = true) {
        bool sent = out_ && ::send(out_.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
        sent_ += sent;
        if (sent || anew || (out_ && (errno == EAGAIN || errno == EMSGSIZE))) return sent;
        // A syslogd that began anew has another socket of that name; looked for once a second.
        std::int64_t now = system_clock().wall_seconds();
        if (std::exchange(looked_at_, now) == now || !open_syslog()) return false;
    }
}

void Writer::send_to_syslog(const ipc::LogLine& line, const ipc::Sender& sender) {
    if (untold_ > 0 && send(as_sent(lines_dropped(untold_)), own_name_)) untold_ = 0;
    // A line is not sent where the one that tells of those before it could not be.
    if (untold_ == 0 && send(line, sender)) return;
    ++untold_;
    ++unsent_;
}

void Writer::look_for_rotation() {
    if (to_syslog_ || to_standard_output_ || log::is_file_named(out_.get(), path_)) return;
    // Where a new file cannot be made the old one goes on taking the lines.
    if (Result<> opened_anew = open_file(); opened_anew) backlog_.begin_line_again();
}

Backlog::Outcome Writer::write_out() {
    if (backlog_.empty()) return Backlog::Outcome::all_written;
    std::int64_t now = system_clock().wall_seconds();
    if (std::exchange(looked_at_, now) != now) look_for_rotation();
    bool file = !to_standard_output_ || is_file(out_.get());
    return backlog_.write_to(out_.get(), file ? Backlog::Target::file : Backlog::Target::stream);
}

std::vector<ipc::NamedValue> Writer::counters() const {
    return {{"lines", std::to_string(backlog_.written() + sent_)},
            {"lines_lost", std::to_string(backlog_.lost() + unsent_ + over_rate_)}};
}

}  // namespace ekiden::logger
