#include "common/pop3/multiline.h"

namespace ekiden::pop3 {

void MultilineEncoder::end_line(std::string& out) {
    out += "\r\n";
    if (in_body_) {
        ++lines_sent_;
    } else {
        in_body_ = line_is_empty_;
    }
    line_is_empty_ = true;
    held_cr_ = false;
    if (body_lines_ && in_body_ && lines_sent_ >= *body_lines_) enough_ = true;
}

bool MultilineEncoder::feed(std::string_view chunk, std::string& out) {
    while (!chunk.empty() && !enough_) {
        std::size_t newline = chunk.find('\n');
        bool whole = newline != std::string_view::npos;
        std::string_view line = chunk.substr(0, newline);
        chunk.remove_prefix(whole ? newline + 1 : chunk.size());
        if (held_cr_ && !line.empty()) {
            out.push_back('\r');
            held_cr_ = line_is_empty_ = false;
        }
        if (line.ends_with('\r')) {
            held_cr_ = true;
            line.remove_suffix(1);
        }
        if (line_is_empty_ && line.starts_with('.')) out.push_back('.');
        if (!line.empty()) line_is_empty_ = false;
        out.append(line);
        if (whole) end_line(out);
    }
    return !enough_;
}

void MultilineEncoder::finish(std::string& out) {
    if (!enough_ && (!line_is_empty_ || held_cr_)) end_line(out);
    out += ".\r\n";
}

}  // namespace ekiden::pop3
