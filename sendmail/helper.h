#pragma once
// Other programs that sendmail runs: ekidrop at the end of a pipe, and those that take its place.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/owned_fd.h"
#include "common/config/settings.h"

namespace ekiden::sendmail {

// ekidrop, reading from us.
class Ekidrop {
  public:
    // Throws Fatal where it cannot be run.
    explicit Ekidrop(const Settings& settings);
    Ekidrop(const Ekidrop&) = delete;
    Ekidrop& operator=(const Ekidrop&) = delete;
    // Without finish() ekidrop sees a message without its end, and leaves nothing behind.
    ~Ekidrop();

    // False: it does not read any more, and finish() will say why.
    bool write(std::string_view octets);
    // Waits until the message is durable; what is wrong, or empty.
    std::string finish();

  private:
    std::string path_;
    int pid_ = -1;
    OwnedFd to_, from_;
};

// Becomes that command of command_directory; its name is what it is called. Throws Fatal where it cannot be
// run.
[[noreturn]] void become_command(const Settings& settings, const std::vector<std::string>& argv);

}  // namespace ekiden::sendmail
