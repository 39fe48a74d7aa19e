// How: a stream may be blocking, and to make it non-blocking would make it so for all who share it. So it is
// asked for room before each write, and gets no more at a time than a pipe with room takes without a wait,
// whole lines where they fit: others who write there do not come in their midst.
//
// Limits: a terminal that is stopped can say that it has room, and then wait.
#include "logger/backlog.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ekiden::logger {
namespace {

// A stream whose reader is gone has room: the write tells.
bool has_room(int fd, Milliseconds time = Milliseconds(0)) {
    pollfd asked{fd, POLLOUT, 0};
    return poll(&asked, 1, static_cast<int>(time.count())) > 0;
}

std::string_view piece_of(std::string_view text) {
    text = text.substr(0, PIPE_BUF);
    std::size_t end = text.rfind('\n');
    return end == std::string_view::npos ? text : text.substr(0, end + 1);
}

}  // namespace

Backlog::Backlog(std::size_t limit, std::function<std::string(std::uint64_t)> tell)
    : limit_(limit), tell_(std::move(tell)) {}

void Backlog::add(std::string_view line) {
    tell_where_there_is_room();
    // From the first line that is lost to the line that tells it none is taken, so that it tells of all that
    // are missing there.
    if (untold_ > 0 || text_.size() - line_ + line.size() > limit_) {
        ++untold_;
        ++lost_;
        return;
    }
    text_ += line;
}

// Half of the bound, so that a reader who stays behind is not told for each line.
void Backlog::tell_where_there_is_room() {
    if (untold_ > 0 && text_.size() - line_ <= limit_ / 2) text_ += tell_(std::exchange(untold_, 0));
}

Backlog::Outcome Backlog::write_to(int fd, Target target) {
    while (!empty()) {
        std::string_view next = std::string_view(text_).substr(at_);
        if (target == Target::stream) {
            if (!has_room(fd)) return Outcome::no_room;
            next = piece_of(next);
        }
        ssize_t written = ::write(fd, next.data(), next.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) return Outcome::no_room;
        if (written <= 0) return Outcome::failed;
        took(static_cast<std::size_t>(written));
    }
    return Outcome::all_written;
}

Backlog::Outcome Backlog::write_within(int fd, Target target, Milliseconds time) {
    const Deadline deadline(time);
    for (;;) {
        Outcome outcome = write_to(fd, target);
        if (outcome != Outcome::no_room || deadline.passed()) return outcome;
        (void)has_room(fd, deadline.left());
    }
}

void Backlog::took(std::size_t octets) {
    std::string_view taken = std::string_view(text_).substr(at_, octets);
    written_ += static_cast<std::uint64_t>(std::ranges::count(taken, '\n'));
    if (std::size_t end = taken.rfind('\n'); end != std::string_view::npos) line_ = at_ + end + 1;
    at_ += octets;
    // Seldom enough that what is moved costs no more than what was written.
    if (line_ >= text_.size() / 2) {
        text_.erase(0, line_);
        at_ -= std::exchange(line_, 0);
    }
    tell_where_there_is_room();
}

}  // namespace ekiden::logger
