#pragma once
// A Maildir as POP3 reads it: a fixed list of the messages that were there at opening, in a stable order,
// with their sizes on the wire and unique ids. The list is compact (16 octets a message beside its name).
// Other programs may deliver, move and delete meanwhile; new mail is seen at the next opening. All calls that
// touch files block.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::mailbox {

// One session's right to a mailbox: an exclusive OFD lock on a file in the Maildir, which excludes other
// sessions of this process as well as other processes, and goes with the descriptor.
class MaildirLock {
  public:
    // `denied` when another session holds it.
    static Result<MaildirLock> take(int maildir);
    // True for the first session of a day, who then sweeps. The day stands in the file's time of
    // modification.
    bool daily(std::int64_t now_seconds) const;

  private:
    explicit MaildirLock(OwnedFd file) : file_(std::move(file)) {}
    OwnedFd file_;
};

class Maildir {
  public:
    // Lists new/ and cur/ (messages flagged T, marked for removal by another program, included). Past `most`
    // messages the rest is left out. Sizes come from the names' W=; a file without it is read once.
    static Result<Maildir> open(OwnedFd directory, std::size_t most);

    std::size_t count() const { return entries_.size(); }
    std::uint64_t wire_size(std::size_t index) const { return entries_[index].wire_size; }
    // Unique in the mailbox, the same in every session (RFC 1939 §7).
    std::string unique_id(std::size_t index) const;
    // Opens a message for reading; not_found when another program removed it.
    Result<OwnedFd> open_message(std::size_t index) const;
    // Removes a message; one that is already gone is no error.
    Result<> remove(std::size_t index) const;
    // Makes removals durable.
    Result<> flush() const;

  private:
    struct Entry {
        std::uint64_t wire_size = 0;
        std::uint32_t name_offset = 0;
        std::uint16_t name_length = 0;
        bool in_cur = false;
        bool twin = false;  // another message has the same base: the id is made of the whole name
    };
    explicit Maildir(OwnedFd directory) : directory_(std::move(directory)) {}
    Result<> list(const char* sub, std::size_t most);
    void sort();
    Result<> find_sizes();
    std::string_view name(const Entry& entry) const;
    std::string path(const Entry& entry) const;

    OwnedFd directory_;
    std::string names_;  // all names, one after the other
    std::vector<Entry> entries_;
};

}  // namespace ekiden::mailbox
