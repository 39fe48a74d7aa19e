#include "common/mailbox/maildir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <tuple>

#include "common/mailbox/content.h"
#include "common/mailbox/maildir_files.h"
#include "common/mailbox/maildir_name.h"
#include "common/text/ascii.h"

// Order: by the seconds that begin the name, then by the whole base. Delivery names begin with the arrival
// time, so this is the order of arrival.
namespace ekiden::mailbox {
namespace {

std::uint64_t leading_seconds(std::string_view base) {
    return text::parse_number(base.substr(0, base.find('.'))).value_or(0);
}

class MessageFile final : public OpenMessage {
  public:
    explicit MessageFile(OwnedFd file) : file_(std::move(file)) {}
    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
        ssize_t n = pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        if (n < 0) return system_error("cannot read a message", errno);
        return static_cast<std::size_t>(n);
    }

  private:
    OwnedFd file_;
};

}  // namespace

Result<Maildir> Maildir::open(OwnedFd directory, std::size_t most) {
    Maildir maildir(std::move(directory));
    for (const char* sub : {"new", "cur"}) {
        Result<> listed = maildir.list(sub, most);
        if (!listed) return pass(listed);
    }
    maildir.sort();
    Result<> sized = maildir.find_sizes();
    if (!sized) return pass(sized);
    maildir.names_.shrink_to_fit();
    maildir.entries_.shrink_to_fit();
    return maildir;
}

Result<> Maildir::list(const char* sub, std::size_t most) {
    return for_each_name(directory_.get(), sub, [&](std::string_view name) {
        if (entries_.size() >= most ||
            names_.size() > std::numeric_limits<std::uint32_t>::max() - name.size())
            return false;
        Entry entry;
        entry.name_offset = static_cast<std::uint32_t>(names_.size());
        entry.name_length = static_cast<std::uint16_t>(name.size());
        entry.in_cur = sub[0] == 'c';
        names_ += name;
        entries_.push_back(entry);
        return true;
    });
}

void Maildir::sort() {
    auto key = [this](const Entry& entry) {
        std::string_view base = parse_name(name(entry)).base;
        return std::make_tuple(leading_seconds(base), base, entry.in_cur, name(entry));
    };
    std::ranges::sort(entries_, {}, key);
    // A program may move a message from new/ to cur/ between the two listings: then both entries name one
    // file, and the one in new/ goes. Both still there are twins.
    std::vector<Entry> kept;
    kept.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        bool same = !kept.empty() && parse_name(name(kept.back())).base == parse_name(name(entry)).base;
        if (same && !kept.back().in_cur &&
            faccessat(directory_.get(), path(kept.back()).c_str(), F_OK, 0) != 0)
            kept.pop_back();
        else if (same)
            kept.back().twin = true;
        kept.push_back(entry);
        if (same && kept.size() > 1 && kept[kept.size() - 2].twin) kept.back().twin = true;
    }
    entries_ = std::move(kept);
}

Result<> Maildir::find_sizes() {
    std::vector<Entry> kept;
    kept.reserve(entries_.size());
    for (Entry entry : entries_) {
        std::optional<std::uint64_t> wire_size = parse_name(name(entry)).wire_size;
        // A size that no file can have is a name made by hand.
        if (wire_size && *wire_size > std::uint64_t{1} << 50) wire_size.reset();
        if (!wire_size) {
            OwnedFd file(openat(directory_.get(), path(entry).c_str(),
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
            if (!file && (errno == ENOENT || errno == ELOOP)) continue;
            if (!file) return system_error("cannot open a message of a maildir", errno);
            Result<std::uint64_t> counted = wire_size_of(file.get());
            if (!counted) return pass(counted);
            wire_size = *counted;
        }
        entry.wire_size = *wire_size;
        kept.push_back(entry);
    }
    entries_ = std::move(kept);
    return {};
}

std::string_view Maildir::name(const Entry& entry) const {
    return std::string_view(names_).substr(entry.name_offset, entry.name_length);
}

std::string Maildir::path(const Entry& entry) const {
    return fmt::format("{}/{}", entry.in_cur ? "cur" : "new", name(entry));
}

std::string Maildir::unique_id(std::size_t index) const {
    const Entry& entry = entries_[index];
    return entry.twin ? name_digest(path(entry)) : mailbox::unique_id(name(entry));
}

Result<std::unique_ptr<OpenMessage>> Maildir::open_message(std::size_t index) {
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    OwnedFd file(openat(directory_.get(), path(entries_[index]).c_str(), flags));
    if (!file && errno == ENOENT) {
        // Another program gave it flags or took it from new/ to cur/.
        Result<std::optional<EarlierCopy>> moved =
            find_by_base(directory_.get(), parse_name(name(entries_[index])).base);
        if (!moved) return pass(moved);
        if (!*moved) return not_found("the message was removed by another program");
        std::string now = fmt::format("{}/{}", (*moved)->in_cur ? "cur" : "new", (*moved)->name);
        file.reset(openat(directory_.get(), now.c_str(), flags));
    }
    if (!file) return system_error("cannot open a message of a maildir", errno);
    return std::make_unique<MessageFile>(std::move(file));
}

Result<> Maildir::remove(const std::vector<std::size_t>& indices) {
    Result<> outcome;
    for (std::size_t index : indices) {
        Result<> removed = remove_one(index);
        if (!removed && outcome) outcome = removed;
    }
    Result<> flushed = flush();
    return outcome ? flushed : outcome;
}

Result<> Maildir::remove_one(std::size_t index) const {
    if (unlinkat(directory_.get(), path(entries_[index]).c_str(), 0) == 0) return {};
    if (errno != ENOENT) return system_error("cannot remove a message of a maildir", errno);
    Result<std::optional<EarlierCopy>> moved =
        find_by_base(directory_.get(), parse_name(name(entries_[index])).base);
    if (!moved) return pass(moved);
    if (!*moved) return {};
    std::string now = fmt::format("{}/{}", (*moved)->in_cur ? "cur" : "new", (*moved)->name);
    if (unlinkat(directory_.get(), now.c_str(), 0) == 0 || errno == ENOENT) return {};
    return system_error("cannot remove a message of a maildir", errno);
}

Result<> Maildir::flush() const {
    for (const char* sub : {"new", "cur"})
        if (!flush_directory(directory_.get(), sub)) return system_error("cannot flush a maildir", errno);
    return {};
}

}  // namespace ekiden::mailbox
