#include "sendmail/pickup/wire_text.h"

#include <algorithm>
#include <limits>

namespace ekiden::pickup {

void WireText::put(std::string_view piece, std::string& out) {
    while (!piece.empty()) {
        if (std::exchange(cr_, false) && piece.front() != '\n') out += ' ';
        std::size_t end = std::min(piece.find_first_of("\r\n"), piece.size());
        out += piece.substr(0, end);
        open_ = open_ || end > 0;
        piece.remove_prefix(end);
        if (piece.empty()) return;
        cr_ = piece.front() == '\r';
        open_ = cr_;
        if (!cr_) out += "\r\n";
        piece.remove_prefix(1);
    }
}

void WireText::finish(std::string& out) {
    if (std::exchange(cr_, false)) out += ' ';
    if (std::exchange(open_, false)) out += "\r\n";
}

// In wire form every CR belongs to a line end, so that CRs need not be remembered.
void NoteTaker::take(std::string_view piece) {
    for (char c : piece) {
        ++notes_.size;
        if (c == '\r') continue;
        if (c == '\n') {
            ++notes_.line_ends;
            notes_.longest_line = std::max(notes_.longest_line, line_);
            if (!in_body_) {
                notes_.header_size = notes_.size;
                in_body_ = line_ == 0;
            }
            line_ = 0;
            continue;
        }
        if (line_ == 0 && c == '.') notes_.leading_dot = true;
        if (static_cast<unsigned char>(c) >= 0x80) notes_.eight_bit = true;
        if (line_ < std::numeric_limits<std::uint32_t>::max()) ++line_;
    }
}

}  // namespace ekiden::pickup
