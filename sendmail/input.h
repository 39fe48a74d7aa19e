#pragma once
// The message on standard input, line by line: leading "From " lines of mbox are skipped, CRLF becomes LF as
// sendmail_fix_line_endings says, and without -i a line with a dot alone is the end. Memory is bounded: a
// long line comes in pieces.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::sendmail {

enum class LineEndings { always, strict, never };

class Input {
  public:
    // Reads up to `size` octets into `buffer`: how many, 0 at the end, below 0 with errno.
    using Read = std::function<long(char* buffer, std::size_t size)>;

    Input(Read read, LineEndings endings, bool dot_ends)
        : read_(std::move(read)), endings_(endings), dot_ends_(dot_ends) {}

    // A line with its LF, or a piece of a long one, or the last without LF. Nothing at the end of the
    // message, however often it is asked for.
    std::optional<std::string> next();
    // Why reading failed; nothing after a message that came whole.
    const std::optional<Error>& error() const { return error_; }

  private:
    bool fill();
    std::optional<std::string> raw_line();
    void fix(std::string& line);

    Read read_;
    LineEndings endings_;
    bool dot_ends_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool ended_ = false;
    bool dot_seen_ = false;    // what follows it is not of the message
    bool first_ = true;        // no line of the message was given yet
    bool line_begins_ = true;  // the next piece begins a line
    bool decided_ = false;     // strict: the first line was looked at
    std::optional<Error> error_;
};

}  // namespace ekiden::sendmail
