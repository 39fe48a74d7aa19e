#pragma once
// maillog_file as those who append to it open it. Whoever has it open holds a shared lock on it, so that
// `ekiden logrotate` knows when nobody writes any longer to what it set aside.
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::log {

// As maillog_file: lines go to the standard output of `ekiden start-fg`.
inline constexpr std::string_view standard_output = "/dev/stdout";

// For appending. With `make` a file that is not there is made (0640). A link is refused.
Result<OwnedFd> open_file(const std::string& path, bool make);
// Is this still the file of that name?
bool is_file_named(int fd, const std::string& path);

}  // namespace ekiden::log
