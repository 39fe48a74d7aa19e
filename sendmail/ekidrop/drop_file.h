#pragma once
// The file in maildrop/ while it is written: under a temporary name until it is whole and on disk, then under
// its own. Whatever happens before that, the temporary file is removed (or, after a SIGKILL, by pickup in a
// day).
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/config/settings.h"

namespace ekiden::drop {

class DropFile {
  public:
    // Errors: there is no maildrop, no right to write there, no space (queue_minfree).
    static Result<DropFile> create(const Settings& settings);
    DropFile(DropFile&& other) noexcept = default;
    DropFile& operator=(DropFile&&) = delete;
    ~DropFile();

    // Copies what is read up to the end of input. Malformed where it is not a whole message; permanent where
    // its content is larger than message_size_limit.
    Result<> copy_from(int input);
    // The message gets its name; when this is done it survives loss of power.
    Result<> publish();

  private:
    DropFile(OwnedFd fd, std::string directory, std::string id, std::uint64_t size_limit)
        : fd_(std::move(fd)), directory_(std::move(directory)), id_(std::move(id)), size_limit_(size_limit) {}
    std::string temporary_path() const;

    OwnedFd fd_;
    std::string directory_, id_;  // id_ is empty once the temporary file is gone
    std::uint64_t size_limit_;    // octets of content; 0: none
};

}  // namespace ekiden::drop
