#include "common/mailbox/content.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ekiden::mailbox {
namespace {
constexpr std::size_t chunk_size = 64 * 1024;
}

Result<> for_each_chunk(const Content& content, const std::function<Result<>(std::string_view)>& sink) {
    if (content.file < 0) {
        for (std::size_t at = 0; at < content.inline_octets.size(); at += chunk_size) {
            Result<> taken = sink(content.inline_octets.substr(at, chunk_size));
            if (!taken) return taken;
        }
        return {};
    }
    std::string buffer(chunk_size, '\0');
    off_t offset = 0;
    for (;;) {
        ssize_t n = pread(content.file, buffer.data(), buffer.size(), offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("cannot read the message", errno);
        if (n == 0) return {};
        offset += n;
        Result<> taken = sink(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
        if (!taken) return taken;
    }
}

void LineEndStripper::append(std::string_view octets, std::string& out) {
    if (octets.empty()) return;
    out.append(octets);
    size_ += octets.size();
    last_ = octets.back();
}

void LineEndStripper::feed(std::string_view chunk, std::string& out) {
    if (held_cr_ && !chunk.empty()) {
        held_cr_ = false;
        if (chunk.front() != '\n' || last_ == '\r') append("\r", out);
    }
    while (!chunk.empty()) {
        std::size_t newline = chunk.find('\n');
        if (newline == std::string_view::npos) break;
        // One CR goes; CR CR LF keeps its first, so that reading gives the same octets back.
        std::size_t end = newline;
        bool has_cr = end > 0 && chunk[end - 1] == '\r';
        bool doubled = has_cr && (end > 1 ? chunk[end - 2] == '\r' : last_ == '\r');
        if (has_cr && !doubled) --end;
        append(chunk.substr(0, end), out);
        if (last_ != '\r') ++line_ends_;
        append("\n", out);
        chunk.remove_prefix(newline + 1);
    }
    if (chunk.ends_with('\r')) {
        held_cr_ = true;
        chunk.remove_suffix(1);
    }
    append(chunk, out);
}

void LineEndStripper::finish(std::string& out) {
    if (held_cr_) append("\r", out);
    held_cr_ = false;
    if (last_ == '\n') return;
    if (last_ != '\r') ++line_ends_;
    append("\n", out);
}

Result<std::uint64_t> wire_size_of(int file) {
    std::uint64_t total = 0;
    char last = '\n';
    Result<> read = for_each_chunk(Content{{}, file}, [&](std::string_view chunk) -> Result<> {
        total += chunk.size();
        for (std::size_t at = chunk.find('\n'); at != std::string_view::npos; at = chunk.find('\n', at + 1))
            if ((at > 0 ? chunk[at - 1] : last) != '\r') ++total;
        last = chunk.back();
        return {};
    });
    if (!read) return pass(read);
    // A reader ends the last line with CRLF: all of it, or the LF behind a CR.
    if (last != '\n') total += last == '\r' ? 1 : 2;
    return total;
}

}  // namespace ekiden::mailbox
