#pragma once
// Content on its way out behind DATA (RFC 5321 §4.5.2): a dot before each line that begins with one, lines
// past a limit broken (smtp_line_length_limit), and the end. The content comes from the spool and has CRLF as
// its only line end.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ekiden::smtp {

class DotWriter {
  public:
    // `line_limit`: octets of a line without its CRLF; longer ones go on in the next line behind a blank. 0:
    // no limit.
    explicit DotWriter(std::size_t line_limit = 0) : line_limit_(line_limit) {}

    // Appends the chunk as it goes on the wire. Chunks may be cut anywhere.
    void write(std::string_view chunk, std::string& out);
    // The last line is ended where it was not, then the line with the dot alone.
    void finish(std::string& out);

  private:
    void put_in_line(std::string_view octets, std::string& out);

    std::size_t line_limit_;
    std::size_t line_ = 0;  // octets of the line so far, without its CR
    bool held_cr_ = false;  // a CR at a chunk's end, not written yet
    bool in_line_ = false;  // something of the line has been written
};

}  // namespace ekiden::smtp
