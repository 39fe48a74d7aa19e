#pragma once
// Lines on their way into a file or a pipe. What the other side does not take yet is kept, up to a bound;
// beyond it lines are lost and counted, and a line with their number stands where they are missing. A line
// that was begun is ended before another begins.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/deadline.h"

namespace ekiden::logger {

class Backlog {
  public:
    enum class Outcome {
        all_written,
        no_room,  // the reader is behind: wait until it can be written to
        failed,   // errno says why (a full disk): try again later
    };
    enum class Target {
        file,
        stream,  // a pipe, a socket, a terminal: never waited for, whether or not it is non-blocking
    };

    // `limit`: octets. `tell` makes the line, with its end, that says how many lines were lost.
    Backlog(std::size_t limit, std::function<std::string(std::uint64_t)> tell);

    // A line with its end.
    void add(std::string_view line);
    bool empty() const { return at_ == text_.size(); }
    // As much as is taken now.
    Outcome write_to(int fd, Target target);
    // The same for who has nothing else to do: waits for the reader, but not longer than `time`.
    Outcome write_within(int fd, Target target, Milliseconds time);
    // What is written next goes elsewhere: a line that was begun comes there whole.
    void begin_line_again() { at_ = line_; }

    // Lines.
    std::uint64_t written() const { return written_; }
    std::uint64_t lost() const { return lost_; }

  private:
    void tell_where_there_is_room();
    void took(std::size_t octets);

    const std::size_t limit_;
    const std::function<std::string(std::uint64_t)> tell_;
    std::string text_;
    std::size_t line_ = 0;  // in text_: where the first line begins that is not written whole
    std::size_t at_ = 0;    // in text_: what is written next
    std::uint64_t written_ = 0, lost_ = 0, untold_ = 0;
};

}  // namespace ekiden::logger
