#include <cstdlib>

#include "common/mailbox/content.h"

// Wherever the content is cut, the file is the same, and its sizes are those of what was written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    ekiden::mailbox::LineEndStripper whole, pieces;
    std::string once, cut;
    whole.feed(wire, once);
    whole.finish(once);
    for (std::size_t at = 0; at < wire.size(); at += data[0] + 1u)
        pieces.feed(wire.substr(at, data[0] + 1u), cut);
    pieces.finish(cut);
    if (once != cut || pieces.size() != cut.size() || pieces.wire_size() != whole.wire_size()) std::abort();
    if (!cut.empty() && cut.back() != '\n') std::abort();
    return 0;
}
