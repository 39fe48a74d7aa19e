#pragma once
// SMTP's lines end in CRLF. Who types them at a shell, or prints them in a script, ends them in LF alone: the
// first line tells, and then every LF is made a CRLF. With a first CRLF nothing is changed: what such a
// program passes on in a message must not end it (dot_reader.h).
#include <string>
#include <string_view>

namespace ekiden::stdio {

class LineEnds {
  public:
    // The next piece of the input, of any size, as it goes on.
    std::string fix(std::string_view piece);

  private:
    bool decided_ = false, with_lf_ = false;
    char previous_ = 0;
};

}  // namespace ekiden::stdio
