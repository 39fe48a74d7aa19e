#include "common/mailbox/mbox_rewrite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/base/clock.h"
#include "common/mailbox/digest.h"
#include "common/text/ascii.h"

// How: the journal has the octets that are to stand from `offset` on (the tail), and what the file was
// before: its length, and a digest of the octets behind the place where it will end. Copying touches only
// what lies before that place, so as long as that digest holds the file was not cut yet, whatever the copy
// looks like, and mail that other programs appended meanwhile stands behind the old length. Limits: another
// program that opens the mailbox between a crash and the next visit of Ekiden sees a file that is half
// copied.
namespace ekiden::mailbox {
namespace {

constexpr std::string_view magic = "ekiden-mbox-rewrite 1";
constexpr std::size_t chunk_size = 256 * 1024;
constexpr std::size_t longest_line = 300;

struct Plan {
    std::uint64_t offset = 0;    // where the tail goes
    std::uint64_t tail = 0;      // octets of it
    std::uint64_t old_size = 0;  // of the file
    std::string rest_digest;     // of the file's octets from offset + tail to old_size
    std::string tail_digest;

    std::uint64_t new_size() const { return offset + tail; }
    std::string line() const {
        return fmt::format("{} {} {} {} {} {}\n", magic, offset, tail, old_size, rest_digest, tail_digest);
    }
};

// A whole journal: its plan, and where in its file the tail begins.
struct Journal {
    OwnedFd file;
    Plan plan;
    std::uint64_t tail_at = 0;
};

std::string journal_path(const LockedMbox& mbox) { return beside(mbox.path(), ".ekiden-rewrite"); }
std::string draft_path(const LockedMbox& mbox) { return beside(mbox.path(), ".ekiden-rewrite.new"); }

Result<std::uint64_t> size_of(int file) {
    struct stat info{};
    if (fstat(file, &info) != 0) return system_error("cannot examine a mailbox", errno);
    return static_cast<std::uint64_t>(info.st_size);
}

Result<> write_all(int file, std::string_view octets, std::uint64_t at) {
    while (!octets.empty()) {
        ssize_t n = pwrite(file, octets.data(), octets.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return system_error("cannot write a mailbox", n < 0 ? errno : EIO);
        octets.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return {};
}

// Gives the octets of a range to `sink`; an error when the file ends before.
template <class Sink>
Result<> for_each_octets(int file, Range range, Sink sink) {
    std::string buffer;
    while (range.begin < range.end) {
        buffer.resize(std::min<std::uint64_t>(chunk_size, range.end - range.begin));
        ssize_t n = pread(file, buffer.data(), buffer.size(), static_cast<off_t>(range.begin));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return system_error("cannot read a mailbox", n < 0 ? errno : EIO);
        std::string_view octets = std::string_view(buffer).substr(0, static_cast<std::size_t>(n));
        if (Result<> taken = sink(octets); !taken) return taken;
        range.begin += octets.size();
    }
    return {};
}

Result<std::string> digest_of(int file, Range range) {
    Digest digest;
    Result<> read = for_each_octets(file, range, [&](std::string_view octets) -> Result<> {
        digest.add(octets);
        return {};
    });
    if (!read) return pass(read);
    return digest.text();
}

// Appends ranges of a file to the tail of a journal that is being made.
class JournalWriter {
  public:
    JournalWriter(int file, std::uint64_t at) : file_(file), at_(at) {}
    Result<> append(int source, Range range) {
        return for_each_octets(source, range, [&](std::string_view octets) {
            digest_.add(octets);
            size_ += octets.size();
            return write_all(file_, octets, at_ + size_ - octets.size());
        });
    }
    std::uint64_t size() const { return size_; }
    std::string digest() const { return digest_.text(); }

  private:
    int file_;
    std::uint64_t at_, size_ = 0;
    Digest digest_;
};

struct Source {
    int file;
    Range range;
};

// Makes the journal whose tail is what the sources hold, and puts it in the place of one that may be there.
Result<Journal> make_journal(const LockedMbox& mbox, std::uint64_t offset, std::uint64_t old_size,
                             const std::vector<Source>& sources) {
    Journal journal;
    std::string draft = draft_path(mbox);
    unlinkat(mbox.directory(), draft.c_str(), 0);
    journal.file.reset(
        openat(mbox.directory(), draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!journal.file) return system_error("cannot create " + draft, errno);
    // The line comes last: its length depends on what it says, so it stands in a frame of fixed size.
    journal.tail_at = longest_line;
    JournalWriter tail(journal.file.get(), journal.tail_at);
    Result<> written;
    for (const Source& source : sources)
        if (written) written = tail.append(source.file, source.range);
    journal.plan = {offset, tail.size(), old_size, "", tail.digest()};
    Result<std::string> rest = digest_of(mbox.file(), {journal.plan.new_size(), old_size});
    if (written && !rest) written = pass(rest);
    if (written) {
        journal.plan.rest_digest = *rest;
        std::string line = journal.plan.line();
        line.resize(longest_line, '\n');
        written = write_all(journal.file.get(), line, 0);
    }
    if (written && fsync(journal.file.get()) != 0) written = system_error("cannot write " + draft, errno);
    if (written &&
        renameat(mbox.directory(), draft.c_str(), mbox.directory(), journal_path(mbox).c_str()) != 0)
        written = system_error("cannot rename " + draft, errno);
    if (written && !flush_parent(mbox.directory(), mbox.path()))
        written = system_error("cannot flush the directory of " + mbox.path(), errno);
    if (written) return journal;
    unlinkat(mbox.directory(), draft.c_str(), 0);
    return pass(written);
}

Result<> end_journal(const LockedMbox& mbox) {
    if (unlinkat(mbox.directory(), journal_path(mbox).c_str(), 0) != 0 && errno != ENOENT)
        return system_error("cannot remove " + journal_path(mbox), errno);
    // A power cut must not bring it back: by then the file may be another.
    if (!flush_parent(mbox.directory(), mbox.path()))
        return system_error("cannot flush the directory of " + mbox.path(), errno);
    return {};
}

Result<> cut(const LockedMbox& mbox, std::uint64_t size) {
    if (ftruncate(mbox.file(), static_cast<off_t>(size)) != 0 || fsync(mbox.file()) != 0)
        return system_error("cannot truncate mailbox " + mbox.path(), errno);
    return {};
}

Result<> carry_out(const LockedMbox& mbox, const Journal& journal) {
    std::uint64_t at = journal.plan.offset;
    Result<> done =
        for_each_octets(journal.file.get(), {journal.tail_at, journal.tail_at + journal.plan.tail},
                        [&](std::string_view octets) {
                            at += octets.size();
                            return write_all(mbox.file(), octets, at - octets.size());
                        });
    // The copy is on disk before the file is cut: the cut is what says that it is whole.
    if (done && fdatasync(mbox.file()) != 0) done = system_error("cannot write " + mbox.path(), errno);
    if (done) done = cut(mbox, journal.plan.new_size());
    if (done) done = end_journal(mbox);
    return done;
}

std::optional<Plan> read_plan(std::string_view line) {
    if (!line.starts_with(std::string(magic) + " ")) return std::nullopt;
    std::vector<std::string> words = text::split(line.substr(magic.size()), " ");
    if (words.size() != 5) return std::nullopt;
    std::optional<std::uint64_t> offset = text::parse_number(words[0]), tail = text::parse_number(words[1]),
                                 old_size = text::parse_number(words[2]);
    constexpr std::uint64_t most = std::uint64_t{1} << 60;
    if (!offset || !tail || !old_size || *offset > most || *tail > most || *old_size > most)
        return std::nullopt;
    if (*offset + *tail > *old_size) return std::nullopt;
    return Plan{*offset, *tail, *old_size, words[3], words[4]};
}

// The journal that stands there; nothing where there is none, or one that was never whole.
Result<std::optional<Journal>> find_journal(const LockedMbox& mbox) {
    Journal journal;
    journal.file.reset(
        openat(mbox.directory(), journal_path(mbox).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!journal.file && errno == ENOENT) return std::optional<Journal>();
    if (!journal.file) return system_error("cannot open " + journal_path(mbox), errno);
    struct stat info{};
    if (fstat(journal.file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid())
        return temporary(journal_path(mbox) + " is not of this mailbox's owner; remove it");
    std::string line(longest_line, '\0');
    ssize_t n = pread(journal.file.get(), line.data(), line.size(), 0);
    if (n < 0) return system_error("cannot read " + journal_path(mbox), errno);
    line.resize(std::min(line.find('\n'), line.size()));
    std::optional<Plan> plan = read_plan(line);
    journal.tail_at = longest_line;
    if (plan && static_cast<std::uint64_t>(info.st_size) == journal.tail_at + plan->tail) {
        Result<std::string> digest =
            digest_of(journal.file.get(), {journal.tail_at, journal.tail_at + plan->tail});
        if (!digest) return pass(digest);
        journal.plan = std::move(*plan);
        if (*digest == journal.plan.tail_digest) return std::optional(std::move(journal));
    }
    if (Result<> removed = end_journal(mbox); !removed) return pass(removed);
    return std::optional<Journal>();
}

// Does that range of the file have that digest?
Result<bool> holds(int file, std::uint64_t size, Range range, const std::string& digest) {
    if (range.end > size) return false;
    Result<std::string> there = digest_of(file, range);
    if (!there) return pass(there);
    return *there == digest;
}

}  // namespace

Result<> remove_ranges(const LockedMbox& mbox, const std::vector<Range>& removed) {
    if (removed.empty()) return {};
    Result<std::uint64_t> size = size_of(mbox.file());
    if (!size) return pass(size);
    std::vector<Source> kept;
    for (std::size_t i = 0; i < removed.size(); ++i) {
        Range between{removed[i].end, i + 1 < removed.size() ? removed[i + 1].begin : *size};
        if (between.begin < between.end) kept.push_back({mbox.file(), between});
    }
    // With nothing behind them one truncation does it.
    if (kept.empty()) return cut(mbox, removed.front().begin);
    Result<Journal> journal = make_journal(mbox, removed.front().begin, *size, kept);
    if (!journal) return pass(journal);
    return carry_out(mbox, *journal);
}

Result<> finish_rewrite(const LockedMbox& mbox) {
    Result<std::optional<Journal>> found = find_journal(mbox);
    if (!found) return pass(found);
    if (!*found) return {};
    const Journal& journal = **found;
    const Plan& plan = journal.plan;
    Result<std::uint64_t> size = size_of(mbox.file());
    if (!size) return pass(size);
    Result<bool> not_cut = holds(mbox.file(), *size, {plan.new_size(), plan.old_size}, plan.rest_digest);
    if (!not_cut) return pass(not_cut);
    if (*not_cut && *size == plan.old_size) return carry_out(mbox, journal);
    if (*not_cut) {
        // Other programs appended since: their mail becomes part of the tail.
        Result<Journal> longer =
            make_journal(mbox, plan.offset, *size,
                         {{journal.file.get(), {journal.tail_at, journal.tail_at + plan.tail}},
                          {mbox.file(), {plan.old_size, *size}}});
        if (!longer) return pass(longer);
        return carry_out(mbox, *longer);
    }
    Result<bool> done = holds(mbox.file(), *size, {plan.offset, plan.new_size()}, plan.tail_digest);
    if (!done) return pass(done);
    if (*done) return end_journal(mbox);
    // Another program rewrote the file half copied: what the journal has is kept for a person to look at.
    std::string rescued = fmt::format("{}.ekiden-rescued-{}", mbox.path(), system_clock().wall_seconds());
    if (renameat(mbox.directory(), journal_path(mbox).c_str(), mbox.directory(), rescued.c_str()) != 0)
        return system_error("cannot rename " + journal_path(mbox), errno);
    return {};
}

}  // namespace ekiden::mailbox
