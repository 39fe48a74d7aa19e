#pragma once
// The body of a multi-line reply (RFC 1939 §3): file content, whose lines end with LF or CRLF, becomes lines
// ended by CRLF, with a dot before each line that begins with one; for TOP it stops after the header and so
// many lines of the body.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::pop3 {

class MultilineEncoder {
  public:
    // All of the content, or the header, the blank line and `body_lines` lines (RFC 1939 §7, TOP).
    explicit MultilineEncoder(std::optional<std::uint32_t> body_lines = std::nullopt)
        : body_lines_(body_lines) {}

    // Appends the next chunk to `out`. False when TOP has seen enough; what follows is then ignored.
    bool feed(std::string_view chunk, std::string& out);
    // Ends an unfinished line and appends the final ".".
    void finish(std::string& out);

  private:
    void end_line(std::string& out);
    std::optional<std::uint32_t> body_lines_;
    std::uint32_t lines_sent_ = 0;
    bool in_body_ = false;
    bool line_is_empty_ = true;  // nothing of the current line was appended
    bool held_cr_ = false;       // a CR that may belong to the line end
    bool enough_ = false;
};

}  // namespace ekiden::pop3
