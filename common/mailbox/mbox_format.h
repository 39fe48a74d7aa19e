#pragma once
// The form of an entry in an mbox: the line "From sender  date", header and body with LF line ends, every
// line that begins with "From " quoted by a ">", and an empty line. Nothing is unquoted on reading, for
// nobody can tell a ">" that was put there from one that the sender wrote (the form called mboxo). No files.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/mailbox/content.h"

namespace ekiden::mailbox {

// One message as it is to stand in an mbox.
struct MboxEntry {
    std::string_view sender;           // "": MAILER-DAEMON
    std::int64_t arrival_seconds = 0;  // UTC; printed in this host's zone
    std::string_view added_header;     // wire form
    Content content;                   // wire form
};

// "From taro@example.jp  Sun Nov 22 00:46:24 2026\n". Control octets of the sender become '?'.
std::string from_line(std::string_view sender, std::int64_t arrival_seconds);

// Puts ">" before each line that begins with "From ", wherever the text is cut into chunks.
class FromQuoter {
  public:
    // Appends the quoted chunk to `out`; the beginning of a line may wait for the next one.
    void feed(std::string_view chunk, std::string& out);
    // Appends what waits.
    void finish(std::string& out);

  private:
    bool at_line_start_ = true;
    std::size_t matched_ = 0;  // octets of "From " at the beginning of this line, not yet appended
};

// Gives the octets of the entry to `sink`, in chunks; ends with its error or that of reading the content. The
// same entry gives the same octets each time.
Result<> for_each_chunk(const MboxEntry& entry, const std::function<Result<>(std::string_view)>& sink);

}  // namespace ekiden::mailbox
