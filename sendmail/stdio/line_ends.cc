#include "sendmail/stdio/line_ends.h"

namespace ekiden::stdio {

std::string LineEnds::fix(std::string_view piece) {
    std::string out;
    out.reserve(piece.size());
    for (char c : piece) {
        const bool bare = c == '\n' && previous_ != '\r';
        if (c == '\n' && !decided_) with_lf_ = bare;
        decided_ = decided_ || c == '\n';
        if (bare && with_lf_) out += '\r';
        out += c;
        previous_ = c;
    }
    return out;
}

}  // namespace ekiden::stdio
