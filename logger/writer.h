#pragma once
// Puts lines into the log: their form, the file or syslog's socket, and the counts of what could not be
// written.
#include <map>
#include <string>

#include "common/ipc/messages/log.h"
#include "common/log/form.h"
#include "common/process/daemon.h"

namespace ekiden::logger {

// A line under the name of who sent it.
struct Form : log::Form {
    std::string print(const ipc::LogLine& line, const ipc::Sender& sender) const;
};

class Writer {
  public:
    // Opens the file, or syslog's socket where maillog_file is empty.
    Result<> open(process::Worker& worker);
    // Starts the chore that writes what has gathered, once a round of the loop.
    void keep(process::Worker& worker);
    void reconfigure(process::Worker& worker);
    void write(const ipc::LogLine& line, const ipc::Sender& sender);
    void flush();
    // Lines of now on go to the file that has the log's name now.
    void look_for_rotation();
    std::vector<ipc::NamedValue> counters() const;

  private:
    Result<> open_file();
    Result<> open_syslog(const std::string& path);
    bool over_rate(const ipc::Sender& sender);
    Task<> flush_each_round(event::Loop& loop);

    Form form_;
    std::string path_;
    int facility_ = 2 << 3;  // mail
    std::int64_t rate_limit_ = 0;
    OwnedFd out_;
    bool to_syslog_ = false;
    bool to_standard_output_ = false;
    std::string gathered_;
    std::unique_ptr<event::Signal> something_;
    std::int64_t looked_at_ = 0;  // when the file's name was last compared with what is open, wall seconds
    std::uint64_t written_ = 0, lost_ = 0;
    struct Rate {
        std::int64_t second = 0;
        std::int64_t lines = 0;
        std::int64_t dropped = 0;
    };
    std::map<std::int32_t, Rate> rates_;  // by pid of the sender
};

}  // namespace ekiden::logger
