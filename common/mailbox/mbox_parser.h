#pragma once
// Finds the messages of an mbox. A message begins with a line "From …" at the beginning of the file or after
// an empty line; lengths that the mail states about itself (Content-Length) are not believed, and neither is
// the form of that line, for nobody but a writer that quotes nothing can have it elsewhere. Octets before
// the first such line belong to no message. The parser has no files and holds one line's beginning, however
// large the mbox is.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/mailbox/digest.h"

namespace ekiden::mailbox {

// Offsets are those of the file.
struct MboxMessage {
    std::uint64_t start = 0;      // of its "From " line
    std::uint64_t content = 0;    // of the header behind it
    std::uint64_t size = 0;       // octets of header and body, without the empty line that ends the entry
    std::uint64_t end = 0;        // where the next entry begins
    std::uint64_t wire_size = 0;  // of header and body with every line ended by CRLF, the last one included
    // Of what stays the same: the header but for the lines that mail readers keep their notes in, the
    // beginning of the body, its size.
    Digest digest;
    std::string x_uidl;  // X-UIDL:, where an older POP3 server left one that can be a UIDL; or empty
};

class MboxParser {
  public:
    explicit MboxParser(std::function<void(MboxMessage&&)> found) : found_(std::move(found)) {}

    // The file from its beginning, in any chunks.
    void feed(std::string_view chunk);
    // The file ends here.
    void finish();

  private:
    void end_line(bool whole);
    void begin_message();
    void end_message();
    void take_empty_line(std::uint64_t octets);
    void count_held_line();
    void take_header_line(std::string_view line);

    std::function<void(MboxMessage&&)> found_;
    // The line that is being read.
    std::string head_;  // its first octets
    std::uint64_t line_size_ = 0;
    char last_ = '\n';
    // The place.
    std::uint64_t offset_ = 0, line_start_ = 0;
    bool after_empty_ = true;
    // The message.
    bool in_message_ = false, in_header_ = false, in_notes_ = false;
    std::uint64_t held_ = 0;  // octets of an empty line that may be the one that ends the entry
    std::uint64_t body_size_ = 0, body_hashed_ = 0;
    MboxMessage message_;
};

}  // namespace ekiden::mailbox
