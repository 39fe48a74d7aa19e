#pragma once
// A message as keys to look up, as header_checks and body_checks would see it (-h, -b, -m): a header field
// with its continuation lines is one key, a line of the body is one.
#include <functional>
#include <string_view>

namespace ekiden::ekimap {

struct MessageParts {
    bool headers = false;
    bool bodies = false;
    bool mime = false;  // the headers of parts and of attached messages are headers, not body
};

// Calls for each key in order. Keys keep the line ends inside of them.
void message_keys(std::string_view message, const MessageParts& parts,
                  const std::function<void(std::string_view key)>& visit);

}  // namespace ekiden::ekimap
