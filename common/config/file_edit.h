#pragma once
// A configuration file that is changed as a whole. At any instant, also after a crash or loss of power, it is
// either the old file or the new one; its owner and mode stay, and a symbolic link stays one. Two edits at a
// time wait for each other, so that none is lost.
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::config {

class FileEdit {
  public:
    // Waits for an edit that is under way, at most ten seconds, then reads the file.
    static Result<FileEdit> open(const std::string& path);

    const std::string& content() const { return content_; }
    // May be called once.
    Result<> replace(const std::string& content);

  private:
    std::string path_;  // behind symbolic links
    std::string content_;
    OwnedFd directory_;  // holds the lock
};

}  // namespace ekiden::config
