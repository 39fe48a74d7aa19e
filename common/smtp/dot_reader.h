#pragma once
// The content behind DATA, octets in, content out: RFC 5321 §4.1.1.4 and §4.5.2. Only CRLF.CRLF ends it, so
// that no two servers on a path can disagree about where a message ends (SMTP smuggling). Leading dots are
// removed, and what comes out holds CRLF as its only line end: a bare LF becomes CRLF, a bare CR a blank.
// Both are reported, and the caller's policy (smtpd_forbid_bare_newline) may refuse the message for them.
// Along the way it notes what later stages would otherwise read the message for. It waits for nothing and
// keeps none of the content.
#include <cstdint>
#include <string>
#include <string_view>

namespace ekiden::smtp {

// What was seen; offsets and sizes count the octets that came out.
struct ContentFacts {
    std::uint64_t size = 0;
    std::uint64_t header_end = 0;  // where the body begins, behind the empty line; `size` when there is none
    std::uint64_t line_ends = 0;   // CRLFs
    std::uint32_t longest_line = 0;  // without its line end
    bool eight_bit = false;          // an octet above 127
    bool dot_line = false;           // a line begins with a dot, so sending needs stuffing
    bool nul = false;
    bool bare_lf = false;  // came in, and was made CRLF
    bool bare_cr = false;  // came in, and was made a blank
};

class DotReader {
  public:
    // Reads from `chunk` up to the end of the content and appends the content to `out`; gives the number of
    // octets read, which is less than the chunk only when done(). Chunks may be cut anywhere.
    std::size_t consume(std::string_view chunk, std::string& out);
    // True when CRLF.CRLF has been read.
    bool done() const { return state_ == State::done; }
    // True once the empty line behind the header has been read; facts().header_end is then final.
    bool header_complete() const { return in_body_; }
    // Whole when done().
    const ContentFacts& facts() const { return facts_; }

  private:
    enum class State { line_start, dot, dot_cr, text, cr, done };

    std::size_t take_text(std::string_view rest, std::string& out);
    void put(std::string_view octets, std::string& out);
    void end_line(std::string& out);

    State state_ = State::line_start;
    std::uint64_t line_ = 0;  // octets of the line so far
    bool in_body_ = false;
    ContentFacts facts_;
};

}  // namespace ekiden::smtp
