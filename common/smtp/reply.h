#pragma once
// SMTP replies (RFC 5321 §4.2) with enhanced status codes (RFC 3463, RFC 2034): printing for the server,
// reading for the client. A reply's text holds its enhanced code ("2.1.0 Ok"), as it stands on the wire.
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::smtp {

namespace limits {
inline constexpr std::size_t reply_lines = 256;  // a peer's EHLO answer rarely has 20
inline constexpr std::size_t reply_octets = 32 * 1024;
}  // namespace limits

// "5.7.1": class, subject, detail, each up to three digits.
struct EnhancedStatus {
    int klass = 0;
    int subject = 0;
    int detail = 0;

    std::string print() const;
    bool operator==(const EnhancedStatus&) const = default;
};

// Reads the status at the beginning of `text`; it must end there or be followed by a blank.
std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text);

struct Reply {
    int code = 0;      // 200…559
    std::string text;  // lines separated by LF, without their codes

    Reply() = default;
    Reply(int reply_code, std::string reply_text) : code(reply_code), text(std::move(reply_text)) {}

    bool positive() const { return code >= 200 && code < 400; }
    bool temporary() const { return code >= 400 && code < 500; }
    bool permanent() const { return code >= 500; }
    // The status that the text begins with, if it has one of the reply's class.
    std::optional<EnhancedStatus> enhanced() const;
    // "250-first\r\n250 last\r\n".
    std::string print() const;
    // Appends print() to `out` without an allocation of its own.
    void append_to(std::string& out) const;
    // One line for the log: "250 2.1.0 Ok", the lines joined by blanks.
    std::string one_line() const;

    bool operator==(const Reply&) const = default;
};

// Puts a peer's reply together line by line. Bounded; a peer that changes the code between lines, or sends
// what is no reply, gets a malformed error and should be left.
class ReplyReader {
  public:
    // Takes one line without its line end. True when the reply is complete: take() it then.
    Result<bool> feed(std::string_view line);
    // The finished reply; the reader is ready for the next one.
    Reply take();

  private:
    Reply reply_;
    std::size_t lines_ = 0;
};

}  // namespace ekiden::smtp
