#pragma once
// Puts lines into the log: their form, the file or syslog's socket, and the counts of what could not be
// written.
#include <map>
#include <string>

#include "common/ipc/messages/log.h"
#include "common/log/form.h"
#include "common/process/daemon.h"
#include "logger/backlog.h"

namespace ekiden::logger {

// A line under the name of who sent it.
struct Form : log::Form {
    std::string print(const ipc::LogLine& line, const ipc::Sender& sender) const;
};

class Writer {
  public:
    Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    // Opens the file, or syslog's socket where maillog_file is empty.
    Result<> open(process::Worker& worker);
    // Starts the chore that writes what has gathered, once a round of the loop, and again what could not be
    // written.
    void keep(process::Worker& worker);
    void reconfigure(process::Worker& worker);
    void write(const ipc::LogLine& line, const ipc::Sender& sender);
    // Before the process ends: writes what has gathered, and waits a second at most for a reader who is
    // behind.
    void flush();
    // Lines of now on go to the file that has the log's name now.
    void look_for_rotation();
    std::vector<ipc::NamedValue> counters() const;

  private:
    Result<> open_file();
    Result<> open_syslog();
    bool over_rate(const ipc::Sender& sender);
    void put(const ipc::LogLine& line, const ipc::Sender& sender);
    void put(const log::Line& line, const ipc::Sender& sender);
    bool send(const ipc::LogLine& line, const ipc::Sender& sender);
    void send_to_syslog(const ipc::LogLine& line, const ipc::Sender& sender);
    std::string lines_dropped_line(std::uint64_t count) const;
    Backlog::Outcome write_out();
    Task<> flush_each_round(event::Loop& loop);

    Form form_;
    std::string path_;       // of the file, or of syslog's socket
    int facility_ = 2 << 3;  // mail
    std::int64_t rate_limit_ = 0;
    OwnedFd out_;
    bool to_syslog_ = false;
    bool to_standard_output_ = false;
    ipc::Sender own_name_;
    Backlog backlog_;
    std::unique_ptr<event::Signal> something_;  // is to be written
    std::int64_t looked_at_ = 0;  // when the file's name was last compared with what is open, wall seconds;
                                  // or a syslogd was last looked for
    std::uint64_t sent_ = 0, unsent_ = 0, untold_ = 0;  // to syslog; untold: lost, and not yet said so
    std::uint64_t over_rate_ = 0;
    struct Rate {
        std::int64_t second = 0;
        std::int64_t lines = 0;
        std::int64_t dropped = 0;
    };
    std::map<std::int32_t, Rate> rates_;  // by pid of the sender
};

}  // namespace ekiden::logger
