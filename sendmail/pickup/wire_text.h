#pragma once
// Text with LF as its line end into wire form: CRLF is the only line end, a lone CR becomes a blank, the last
// line has an end. And what later stages want to know of text in wire form, gathered as it passes.
#include <string>
#include <string_view>

#include "common/ipc/messages/queue.h"

namespace ekiden::pickup {

class WireText {
  public:
    // Appends `piece` in wire form to `out`; pieces may be cut anywhere.
    void put(std::string_view piece, std::string& out);
    // The end of the text.
    void finish(std::string& out);

  private:
    bool cr_ = false;    // a CR was read, what follows it decides
    bool open_ = false;  // the last line has no end yet
};

class NoteTaker {
  public:
    // Pieces of text in wire form, cut anywhere.
    void take(std::string_view piece);
    // header_size counts up to and with the empty line.
    const ipc::ContentNotes& notes() const { return notes_; }
    ipc::ContentNotes& notes() { return notes_; }

  private:
    ipc::ContentNotes notes_{};
    std::uint32_t line_ = 0;  // octets of the line so far
    bool in_body_ = false;
};

}  // namespace ekiden::pickup
