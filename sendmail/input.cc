#include "sendmail/input.h"

#include <cerrno>

namespace ekiden::sendmail {
namespace {

constexpr std::size_t piece_limit = 32 * 1024;

bool is_mbox_line(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
    return line.starts_with("From ");
}

}  // namespace

bool Input::fill() {
    if (ended_) return false;
    buffer_.erase(0, at_);
    at_ = 0;
    std::size_t kept = buffer_.size();
    buffer_.resize(kept + piece_limit);
    long got = read_(buffer_.data() + kept, piece_limit);
    if (got < 0 && errno != EINTR) error_ = system_error("error reading input", errno).error();
    ended_ = got == 0 || error_;
    buffer_.resize(kept + static_cast<std::size_t>(std::max(got, 0L)));
    return !ended_;
}

std::optional<std::string> Input::raw_line() {
    while (true) {
        std::size_t end = buffer_.find('\n', at_);
        // A CR at the end of a piece stays behind: the LF may follow.
        std::size_t size = end != std::string::npos ? end + 1 - at_ : buffer_.size() - at_;
        if (end != std::string::npos || size > piece_limit) {
            if (end == std::string::npos) --size;
            std::string line = buffer_.substr(at_, size);
            at_ += size;
            return line;
        }
        if (fill() || buffer_.find('\n', at_) != std::string::npos) continue;
        if (!ended_) continue;
        if (at_ == buffer_.size()) return std::nullopt;
        std::string line = buffer_.substr(at_);
        at_ = buffer_.size();
        return line;
    }
}

// What stands before the LF, its CRs.
void Input::fix(std::string& line) {
    if (!line.ends_with('\n')) return;
    bool with_cr = line.size() > 1 && line[line.size() - 2] == '\r';
    if (endings_ == LineEndings::strict && !decided_)
        endings_ = with_cr ? LineEndings::always : LineEndings::never;
    decided_ = true;
    if (endings_ != LineEndings::always) return;
    line.pop_back();
    while (line.ends_with('\r')) line.pop_back();
    line += '\n';
}

std::optional<std::string> Input::next() {
    while (!dot_seen_) {
        std::optional<std::string> line = raw_line();
        if (!line) return std::nullopt;
        bool begins = std::exchange(line_begins_, line->ends_with('\n'));
        fix(*line);
        if (first_ && begins && line->ends_with('\n') && is_mbox_line(*line)) continue;
        first_ = false;
        dot_seen_ = dot_ends_ && begins && (*line == ".\n" || *line == ".");
        if (!dot_seen_) return line;
    }
    return std::nullopt;
}

}  // namespace ekiden::sendmail
