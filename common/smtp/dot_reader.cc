// A line is copied whole, with one search for its LF and one for a CR inside it; the states exist for what a
// chunk may cut in two. A dot is looked for only behind a CRLF: a client that means "line" by a bare LF could
// not end its message either, and what it did not stuff must not be taken from it.
#include "common/smtp/dot_reader.h"

#include <algorithm>
#include <cstring>

namespace ekiden::smtp {

// Octets of the current line, without CR or LF.
void DotReader::put(std::string_view octets, std::string& out) {
    if (octets.empty()) return;
    if (line_ == 0 && octets.front() == '.') facts_.dot_line = true;
    unsigned char high = 0;
    bool nul = false;
    for (char c : octets) {
        high |= static_cast<unsigned char>(c);
        nul |= c == '\0';
    }
    facts_.eight_bit |= high >= 0x80;
    facts_.nul |= nul;
    line_ += octets.size();
    facts_.size += octets.size();
    out += octets;
}

void DotReader::end_line(std::string& out) {
    out += "\r\n";
    facts_.size += 2;
    ++facts_.line_ends;
    facts_.longest_line =
        std::max(facts_.longest_line, static_cast<std::uint32_t>(std::min<std::uint64_t>(line_, UINT32_MAX)));
    if (!in_body_) {
        in_body_ = line_ == 0;
        facts_.header_end = facts_.size;
    }
    line_ = 0;
}

// Takes text up to and with a line end, a bare CR's place, or the end of `rest`; gives the octets taken.
std::size_t DotReader::take_text(std::string_view rest, std::string& out) {
    const void* found = std::memchr(rest.data(), '\n', rest.size());
    std::size_t end =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - rest.data()) : rest.size();
    std::size_t cr = rest.substr(0, end).find('\r');
    if (cr != std::string_view::npos) {
        put(rest.substr(0, cr), out);
        state_ = State::cr;
        return cr + 1;
    }
    put(rest.substr(0, end), out);
    if (!found) return end;
    facts_.bare_lf = true;
    end_line(out);
    return end + 1;  // still State::text: the next line does not begin behind a CRLF
}

std::size_t DotReader::consume(std::string_view chunk, std::string& out) {
    std::size_t at = 0;
    while (at < chunk.size() && state_ != State::done) {
        const char c = chunk[at];
        switch (state_) {
            case State::line_start:
                state_ = c == '.' ? State::dot : State::text;
                if (c == '.') ++at;
                break;
            case State::dot:  // ".CRLF" is the end; any other line loses its dot
                state_ = c == '\r' ? State::dot_cr : State::text;
                if (c == '\r') ++at;
                break;
            case State::dot_cr:
                state_ = c == '\n' ? State::done : State::cr;
                if (c == '\n') ++at;
                break;
            case State::cr:
                if (c == '\n') {
                    end_line(out);
                    state_ = State::line_start;
                    ++at;
                } else {
                    facts_.bare_cr = true;
                    put(" ", out);
                    state_ = State::text;
                }
                break;
            case State::text: at += take_text(chunk.substr(at), out); break;
            case State::done: break;
        }
    }
    return at;
}

}  // namespace ekiden::smtp
