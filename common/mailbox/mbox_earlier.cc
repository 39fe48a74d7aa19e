#include "common/mailbox/mbox_earlier.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

// How: the "From " line has the time of arrival and the sender, so few lines of the file are equal to it; at
// each of them the whole entry is compared. Limits: a reader that takes lines out of the header, or writes
// them anew in another form, hides the copy; the message is then delivered a second time.
namespace ekiden::mailbox {
namespace {

constexpr std::size_t chunk_size = 256 * 1024;

// Reads forward from a place; nothing past `end`.
class FileReader {
  public:
    FileReader(int file, std::uint64_t at, std::uint64_t end) : file_(file), at_(at), end_(end) {}

    // The next octets, `most` or less; none at the end.
    Result<std::string_view> next(std::size_t most) {
        if (Result<> filled = fill(); !filled) return pass(filled);
        std::string_view octets = std::string_view(buffer_).substr(used_, most);
        used_ += octets.size();
        return octets;
    }
    // A line with its LF; without one where the file ends.
    Result<std::string> line() {
        std::string out;
        while (!out.ends_with('\n')) {
            if (Result<> filled = fill(); !filled) return pass(filled);
            std::string_view rest = std::string_view(buffer_).substr(used_);
            if (rest.empty()) break;
            std::size_t newline = rest.find('\n');
            std::size_t size = newline == std::string_view::npos ? rest.size() : newline + 1;
            out.append(rest.substr(0, size));
            used_ += size;
        }
        return out;
    }

  private:
    Result<> fill() {
        if (used_ < buffer_.size() || at_ >= end_) return {};
        buffer_.resize(std::min<std::uint64_t>(chunk_size, end_ - at_));
        used_ = 0;
        ssize_t n = -1;
        do n = pread(file_, buffer_.data(), buffer_.size(), static_cast<off_t>(at_));
        while (n < 0 && errno == EINTR);
        if (n < 0) return system_error("cannot read the mailbox", errno);
        buffer_.resize(static_cast<std::size_t>(n));
        at_ += buffer_.size();
        if (n == 0) end_ = at_;
        return {};
    }
    int file_;
    std::uint64_t at_, end_;
    std::string buffer_;
    std::size_t used_ = 0;
};

// Compares an entry, given in chunks, with what stands in the file: each header line must be there in its
// order, others between them are passed over; the rest must be equal.
class Comparison {
  public:
    explicit Comparison(FileReader there) : there_(std::move(there)) {}

    enum class Verdict { same, torn, other };
    Verdict verdict() const { return verdict_; }

    // An error ends the comparison; verdict() tells whether it is one of reading.
    Result<> take(std::string_view chunk) {
        while (in_header_ && !chunk.empty()) {
            std::size_t newline = chunk.find('\n');
            bool whole = newline != std::string_view::npos;
            line_.append(chunk.substr(0, whole ? newline + 1 : chunk.size()));
            chunk.remove_prefix(whole ? newline + 1 : chunk.size());
            if (!whole) return {};
            if (Result<> found = find_line(); !found) return found;
            in_header_ = line_ != "\n";
            line_.clear();
        }
        while (!chunk.empty()) {
            Result<std::string_view> octets = there_.next(chunk.size());
            if (!octets) return pass(octets);
            if (octets->empty()) return differs(passed_over_ ? Verdict::other : Verdict::torn);
            if (!chunk.starts_with(*octets)) return differs(Verdict::other);
            chunk.remove_prefix(octets->size());
        }
        return {};
    }

  private:
    Result<> find_line() {
        while (true) {
            Result<std::string> line = there_.line();
            if (!line) return pass(line);
            if (*line == line_) return {};
            if (!line->ends_with('\n'))
                return differs(!passed_over_ && line_.starts_with(*line) ? Verdict::torn : Verdict::other);
            if (*line == "\n") return differs(Verdict::other);
            passed_over_ = true;
        }
    }
    Result<> differs(Verdict verdict) {
        verdict_ = verdict;
        return temporary("it differs");
    }

    FileReader there_;
    std::string line_;
    bool in_header_ = true;
    bool passed_over_ = false;
    Verdict verdict_ = Verdict::same;
};

// Where `line` stands first at or after `from`, at the beginning of a line.
Result<std::optional<std::uint64_t>> find_line(int file, std::uint64_t from, std::uint64_t size,
                                               std::string_view line) {
    std::string window;
    FileReader reader(file, from, size);
    std::uint64_t window_at = from;
    for (bool more = true; more;) {
        Result<std::string_view> octets = reader.next(chunk_size);
        if (!octets) return pass(octets);
        more = !octets->empty();
        window.append(*octets);
        for (std::size_t at = window.find(line); at != std::string::npos; at = window.find(line, at + 1))
            if (at > 0 ? window[at - 1] == '\n' : window_at == 0) return window_at + at;
        // The octet before the line stays as well.
        std::size_t keep = std::min(window.size(), line.size());
        window_at += window.size() - keep;
        window.erase(0, window.size() - keep);
    }
    return std::optional<std::uint64_t>();
}

}  // namespace

Result<std::optional<EarlierEntry>> find_earlier_entry(int file, std::uint64_t size, const MboxEntry& entry) {
    std::string line = from_line(entry.sender, entry.arrival_seconds);
    std::uint64_t from = 0;
    while (true) {
        Result<std::optional<std::uint64_t>> found = find_line(file, from, size, line);
        if (!found) return pass(found);
        if (!*found) break;
        Comparison comparison(FileReader(file, **found, size));
        Result<> compared =
            for_each_chunk(entry, [&](std::string_view chunk) { return comparison.take(chunk); });
        if (comparison.verdict() == Comparison::Verdict::torn) return EarlierEntry{**found, true};
        if (compared) return EarlierEntry{**found, false};
        if (comparison.verdict() == Comparison::Verdict::same) return pass(compared);
        from = **found + line.size() - 1;  // its line end may stand before the next
    }
    // An attempt that died within the first line.
    std::size_t longest = std::min<std::uint64_t>(line.size(), size);
    std::string tail(longest, '\0');
    ssize_t n = pread(file, tail.data(), longest, static_cast<off_t>(size - longest));
    if (n != static_cast<ssize_t>(longest))
        return system_error("cannot read the mailbox", n < 0 ? errno : EIO);
    std::size_t start = tail.rfind('\n') + 1;  // 0 where there is none
    bool begins_line = start > 0 || longest == size;
    std::string_view last = std::string_view(tail).substr(start);
    if (begins_line && last.size() > 5 && std::string_view(line).starts_with(last))
        return EarlierEntry{size - last.size(), true};
    return std::optional<EarlierEntry>();
}

}  // namespace ekiden::mailbox
