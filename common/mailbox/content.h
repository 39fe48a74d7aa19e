#pragma once
// Content of a message on its way into a file: held in memory or read from a descriptor, in wire form; and
// the change from the wire's CRLF to the LF of files, chunk by chunk.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::mailbox {

struct Content {
    std::string_view inline_octets;  // all of it, when file is -1
    int file = -1;                   // borrowed; read with pread, so that its offset does not matter
};

// Gives the content to `sink` in chunks of at most 64 KiB; ends with the sink's error or the first read
// error.
Result<> for_each_chunk(const Content& content, const std::function<Result<>(std::string_view)>& sink);

// Takes CR from before each LF and counts what a reader will see. Content in wire form comes out with LF
// alone; a CR elsewhere is kept.
class LineEndStripper {
  public:
    // Appends the changed chunk to `out`. A CR at the end of a chunk waits for the next one.
    void feed(std::string_view chunk, std::string& out);
    // Appends what waits, and a line end when the last line had none.
    void finish(std::string& out);
    // Octets appended so far, and what they will be with CRLF again.
    std::uint64_t size() const { return size_; }
    std::uint64_t wire_size() const { return size_ + line_ends_; }

  private:
    void append(std::string_view octets, std::string& out);
    std::uint64_t size_ = 0;
    std::uint64_t line_ends_ = 0;  // LF without CR before it
    bool held_cr_ = false;
    char last_ = '\n';
};

// Octets of an open file as POP3 and IMAP count them: every line ended by CRLF, the last one included.
Result<std::uint64_t> wire_size_of(int file);

}  // namespace ekiden::mailbox
