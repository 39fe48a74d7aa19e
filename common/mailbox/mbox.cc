#include "common/mailbox/mbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <unordered_map>

#include "common/mailbox/content.h"
#include "common/mailbox/mbox_rewrite.h"

// How: whether the file was changed, its size and times tell, which are looked at behind each read. Where
// they differ, or are so young that the kernel's coarse clock may hide a change, the message is found and
// read again under the locks. Limits: deleting the first of two messages that are equal to the octet gives
// the second its id.
namespace ekiden::mailbox {
namespace {

constexpr std::int64_t coarse_clock_us = 100'000;
// A reader waits a second for a program that is writing.
constexpr unsigned reading_attempts = 20;
constexpr Milliseconds reading_delay{50};

struct Listed {
    std::vector<MboxMessage> messages;
    std::vector<std::string> ids;  // of each
};

// Numbers what is equal, and prefers ids that older servers left.
std::vector<std::string> unique_ids(const std::vector<MboxMessage>& messages) {
    std::unordered_map<std::string, std::uint32_t> seen, left;
    for (const MboxMessage& message : messages) {
        if (!message.x_uidl.empty()) ++left[message.x_uidl];
        ++left[message.digest.text()];
    }
    std::vector<std::string> ids;
    ids.reserve(messages.size());
    for (const MboxMessage& message : messages) {
        std::string digest = message.digest.text();
        std::uint32_t number = ++seen[digest];
        if (!message.x_uidl.empty() && left[message.x_uidl] == 1)
            ids.push_back(message.x_uidl);
        else
            ids.push_back(number == 1 ? digest : fmt::format("{}-{}", digest, number));
    }
    return ids;
}

Result<Listed> list_messages(int file, std::size_t most) {
    Listed listed;
    MboxParser parser([&](MboxMessage&& message) {
        if (listed.messages.size() < most) listed.messages.push_back(std::move(message));
    });
    Result<> read = for_each_chunk(Content{{}, file}, [&](std::string_view chunk) -> Result<> {
        parser.feed(chunk);
        return {};
    });
    if (!read) return pass(read);
    parser.finish();
    listed.ids = unique_ids(listed.messages);
    return listed;
}

}  // namespace

class Mbox::Reading final : public OpenMessage {
  public:
    Reading(Mbox& mbox, std::size_t index) : mbox_(mbox), index_(index) {}
    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
        return mbox_.read(index_, offset, into);
    }

  private:
    Mbox& mbox_;
    std::size_t index_;
};

Result<std::unique_ptr<Mbox>> Mbox::open(int directory, const std::string& path, const MboxLocking& locking,
                                         std::size_t most) {
    auto mbox = std::make_unique<Mbox>(Private{}, directory, path, locking, most);
    Result<> listed = mbox->list();
    if (!listed && listed.error().kind != ErrorKind::not_found) return pass(listed);
    return mbox;
}

Result<LockedMbox> Mbox::lock(unsigned attempts) const {
    MboxLocking locking = locking_;
    locking.attempts = attempts;
    locking.delay = reading_delay;
    int why = 0;
    Result<LockedMbox> locked = LockedMbox::open(directory_, path_, locking, LockedMbox::Missing::fail,
                                                 LockedMbox::Owner::ours, &why);
    if (!locked && why == ENOENT) return not_found("the mailbox was removed by another program");
    if (!locked) return locked;
    if (Result<> finished = finish_rewrite(*locked); !finished) return pass(finished);
    return locked;
}

Result<> Mbox::list() {
    Result<LockedMbox> locked = lock(1);
    if (!locked) return pass(locked);
    Result<Listed> listed = list_messages(locked->file(), most_);
    if (!listed) return pass(listed);
    entries_.reserve(listed->messages.size());
    for (std::size_t i = 0; i < listed->messages.size(); ++i) {
        const MboxMessage& message = listed->messages[i];
        const std::string& id = listed->ids[i];
        if (ids_.size() > std::numeric_limits<std::uint32_t>::max() - id.size()) break;
        entries_.push_back({message.wire_size,
                            static_cast<std::uint32_t>(ids_.size()),
                            static_cast<std::uint8_t>(id.size()),
                            {message.content, message.size, false}});
        ids_ += id;
    }
    ids_.shrink_to_fit();
    return note_state(*locked);
}

std::string Mbox::unique_id(std::size_t index) const {
    return ids_.substr(entries_[index].id_offset, entries_[index].id_length);
}

Result<std::unique_ptr<OpenMessage>> Mbox::open_message(std::size_t index) {
    return std::make_unique<Reading>(*this, index);
}

// Under the lock: a reader's own descriptor, for that of the lock must be closed.
Result<> Mbox::note_state(const LockedMbox& mbox) {
    file_.reset(openat(directory_, path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file_) return system_error("cannot open mailbox " + path_, errno);
    if (fstat(mbox.file(), &state_) != 0) return system_error("cannot examine mailbox " + path_, errno);
    std::int64_t changed = state_.st_mtim.tv_sec * 1'000'000 + state_.st_mtim.tv_nsec / 1000;
    state_is_sure_ = changed < system_clock().wall_us() - coarse_clock_us;
    return {};
}

bool Mbox::unchanged() const {
    struct stat now{};
    return state_is_sure_ && fstat(file_.get(), &now) == 0 && now.st_ino == state_.st_ino &&
           now.st_dev == state_.st_dev && now.st_size == state_.st_size &&
           now.st_mtim.tv_sec == state_.st_mtim.tv_sec && now.st_mtim.tv_nsec == state_.st_mtim.tv_nsec;
}

Result<> Mbox::find_places_again(const LockedMbox& mbox) {
    Result<Listed> listed = list_messages(mbox.file(), most_);
    if (!listed) return pass(listed);
    std::unordered_map<std::string_view, const MboxMessage*> by_id;
    for (std::size_t i = 0; i < listed->ids.size(); ++i) by_id[listed->ids[i]] = &listed->messages[i];
    for (Entry& entry : entries_) {
        auto found = by_id.find(std::string_view(ids_).substr(entry.id_offset, entry.id_length));
        entry.place.gone = found == by_id.end();
        if (!entry.place.gone) entry.place = {found->second->content, found->second->size, false};
    }
    return note_state(mbox);
}

Result<std::size_t> Mbox::read(std::size_t index, std::uint64_t offset, std::span<char> into) {
    const Place& place = entries_[index].place;
    if (!place.gone) {
        Result<std::size_t> octets = read_place(file_.get(), place, offset, into);
        if (!octets || unchanged()) return octets;
    }
    Result<LockedMbox> locked = lock(reading_attempts);
    if (!locked && locked.error().kind == ErrorKind::denied) return temporary(locked.error().text);
    if (!locked) return pass(locked);
    if (Result<> found = find_places_again(*locked); !found) return pass(found);
    if (place.gone) return not_found("the message was removed by another program");
    return read_place(locked->file(), place, offset, into);
}

Result<std::size_t> Mbox::read_place(int file, const Place& place, std::uint64_t offset,
                                     std::span<char> into) {
    std::size_t size = std::min<std::uint64_t>(into.size(), place.size - std::min(offset, place.size));
    std::size_t have = 0;
    while (have < size) {
        ssize_t n =
            pread(file, into.data() + have, size - have, static_cast<off_t>(place.offset + offset + have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("cannot read a message", errno);
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    return have;
}

Result<> Mbox::remove(const std::vector<std::size_t>& indices) {
    Result<LockedMbox> locked = lock(1);
    if (!locked && locked.error().kind == ErrorKind::not_found) return {};
    if (!locked) return pass(locked);
    Result<Listed> listed = list_messages(locked->file(), most_);
    if (!listed) return pass(listed);
    std::vector<std::string> ids;
    for (std::size_t index : indices) ids.push_back(unique_id(index));
    std::ranges::sort(ids);
    std::vector<Range> removed;
    for (std::size_t i = 0; i < listed->ids.size(); ++i)
        if (std::ranges::binary_search(ids, listed->ids[i]))
            removed.push_back({listed->messages[i].start, listed->messages[i].end});
    return remove_ranges(*locked, removed);
}

}  // namespace ekiden::mailbox
