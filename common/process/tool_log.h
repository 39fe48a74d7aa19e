#pragma once
// The log as a tool of the administrator's writes to it: into maillog_file itself, or to syslog, under its
// own name and pid. Open it before privileges are given up.
#include <string>

#include "common/base/owned_fd.h"
#include "common/config/settings.h"
#include "common/log/form.h"
#include "common/log/logger.h"

namespace ekiden::process {

class ToolLog : public log::Sink {
  public:
    // `program`: "ekisuper". A log that this user may not write to is left out: standard error has the words.
    ToolLog(const Settings& settings, const std::string& program);
    void write(const log::Line& line) override;

  private:
    log::Form form_;
    std::string program_;
    int facility_;
    bool to_syslog_;
    OwnedFd out_;
};

}  // namespace ekiden::process
