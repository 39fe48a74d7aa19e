#include "common/mailbox/digest.h"

#include <fmt/format.h>

namespace ekiden::mailbox {

std::string Digest::text() const { return fmt::format("{:016x}{:016x}", high_, low_); }

}  // namespace ekiden::mailbox
