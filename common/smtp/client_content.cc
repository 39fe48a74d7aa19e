#include "common/smtp/client_content.h"

// Works line by line on whole spans: the common line costs one memchr and one append.

#include <algorithm>

namespace ekiden::smtp {

void DotWriter::write(std::string_view chunk, std::string& out) {
    while (!chunk.empty()) {
        const std::size_t end = chunk.find('\n');
        std::string_view line = chunk.substr(0, end);
        const bool ends = end != std::string_view::npos;
        chunk = ends ? chunk.substr(end + 1) : std::string_view();
        if (held_cr_ && !line.empty()) put_in_line("\r", out);
        if (!line.empty()) held_cr_ = line.ends_with('\r');
        if (held_cr_ && !line.empty()) line.remove_suffix(1);
        put_in_line(line, out);
        if (!ends) break;
        out += "\r\n";
        held_cr_ = in_line_ = false;
        line_ = 0;
    }
}

void DotWriter::put_in_line(std::string_view octets, std::string& out) {
    if (octets.empty()) return;
    if (!in_line_ && octets.front() == '.') out += '.';
    in_line_ = true;
    while (line_limit_ > 0 && line_ + octets.size() > line_limit_) {
        const std::size_t room = line_limit_ - line_;
        out += octets.substr(0, room);
        out += "\r\n ";
        octets.remove_prefix(room);
        line_ = 1;
    }
    out += octets;
    line_ += octets.size();
}

void DotWriter::finish(std::string& out) {
    if (in_line_) out += "\r\n";
    out += ".\r\n";
    *this = DotWriter(line_limit_);
}

}  // namespace ekiden::smtp
