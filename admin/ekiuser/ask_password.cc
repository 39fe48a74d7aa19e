#include "admin/ekiuser/ask_password.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "common/sasl/password.h"

namespace ekiden::ekiuser {
namespace {

// No echo as long as this lives.
class Silence {
  public:
    explicit Silence(int fd) : fd_(fd), active_(tcgetattr(fd, &before_) == 0) {
        if (!active_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= ECHONL;
        tcsetattr(fd_, TCSAFLUSH, &quiet);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        if (active_) tcsetattr(fd_, TCSAFLUSH, &before_);
    }

  private:
    int fd_;
    termios before_{};
    bool active_;
};

// Octet by octet, so that nothing behind the line is taken from whoever reads next.
Result<Secret> read_line(int fd) {
    Secret line;
    line.raw().reserve(sasl::limits::password + 2);
    char octet = 0;
    while (true) {
        ssize_t count = read(fd, &octet, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("cannot read the password", errno);
        if (count == 0 || octet == '\n') break;
        line.raw().push_back(octet);
        if (line.raw().size() > sasl::limits::password + 1) return malformed("the password is too long");
    }
    if (line.raw().ends_with('\r')) line.raw().pop_back();
    if (line.empty()) return malformed("no password was given");
    return line;
}

Result<Secret> prompt(int fd, const char* text) {
    fmt::print(stderr, "{}", text);
    return read_line(fd);
}

}  // namespace

Result<Secret> ask_password(int input_fd, bool twice) {
    if (!isatty(input_fd)) return read_line(input_fd);
    Silence silence(input_fd);
    Result<Secret> first = prompt(input_fd, "Password: ");
    if (!first || !twice) return first;
    Result<Secret> second = prompt(input_fd, "Again: ");
    if (!second) return second;
    if (first->reveal() != second->reveal()) return malformed("the two passwords differ");
    return first;
}

}  // namespace ekiden::ekiuser
