#pragma once
// A file that is only ever replaced whole, by rename: is it another one than before?
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/error.h"

namespace ekiden::tables {

class ReplacedFile {
  public:
    // `remedy`: what to do where the file is missing, for the end of the error's text, or empty.
    explicit ReplacedFile(std::string path, std::string remedy = "", const Clock& clock = system_clock())
        : path_(std::move(path)), remedy_(std::move(remedy)), clock_(clock) {}

    const std::string& path() const { return path_; }
    const std::string& remedy() const { return remedy_; }
    // True when the file is not the one of the last call, and the first time. It is looked at once in a
    // millisecond at most: under load each lookup would cost a system call, and nobody learns of a new file
    // sooner. An error (with the remedy and errno in its text): it is not there, or out of reach.
    Result<bool> changed();

  private:
    const std::string path_, remedy_;
    const Clock& clock_;
    struct stat seen_{};
    bool known_ = false;
    std::int64_t looked_us_ = 0;  // steady time
};

}  // namespace ekiden::tables
