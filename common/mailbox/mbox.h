#pragma once
// An mbox as POP3 reads it. The list is made under all locks; during the session there are none, so that mail
// can come in. Each octet that is read is checked: when another program has changed the file meanwhile, the
// message is found again by its unique id, wherever it stands then.
//
// A unique id is made of what stays when other programs append, remove and take notes: the X-UIDL: of an
// older POP3 server where it is the only one of its kind, else a digest of the message and, for equal
// messages, the number among them.
#include <sys/stat.h>

#include "common/mailbox/mailbox.h"
#include "common/mailbox/mbox_parser.h"

namespace ekiden::mailbox {

class Mbox final : public Mailbox {
    struct Private {};

  public:
    // `directory` is borrowed and outlives this. A file that is not there is an empty mailbox. `denied`:
    // another program has it locked.
    static Result<std::unique_ptr<Mbox>> open(int directory, const std::string& path,
                                              const MboxLocking& locking, std::size_t most);

    // Only open() can name the type of the first argument.
    Mbox(Private, int directory, std::string path, MboxLocking locking, std::size_t most)
        : directory_(directory), path_(std::move(path)), locking_(locking), most_(most) {}

    std::size_t count() const override { return entries_.size(); }
    std::uint64_t wire_size(std::size_t index) const override { return entries_[index].wire_size; }
    std::string unique_id(std::size_t index) const override;
    Result<std::unique_ptr<OpenMessage>> open_message(std::size_t index) override;
    // Rewrites the file in place (mbox_rewrite.h); mail that came meanwhile stays.
    Result<> remove(const std::vector<std::size_t>& indices) override;

  private:
    class Reading;
    // Where the octets of a message stand now.
    struct Place {
        std::uint64_t offset = 0, size = 0;
        bool gone = false;
    };
    struct Entry {
        std::uint64_t wire_size = 0;
        std::uint32_t id_offset = 0;
        std::uint8_t id_length = 0;
        Place place;
    };
    Result<LockedMbox> lock(unsigned attempts) const;
    Result<> list();
    Result<std::size_t> read(std::size_t index, std::uint64_t offset, std::span<char> into);
    static Result<std::size_t> read_place(int file, const Place& place, std::uint64_t offset,
                                          std::span<char> into);
    Result<> find_places_again(const LockedMbox& mbox);
    Result<> note_state(const LockedMbox& mbox);
    bool unchanged() const;

    int directory_;
    std::string path_;
    MboxLocking locking_;
    std::size_t most_;
    std::string ids_;  // one after the other
    std::vector<Entry> entries_;
    OwnedFd file_;         // for reading, without locks
    struct stat state_{};  // of the file when the places were noted
    bool state_is_sure_ = false;
};

}  // namespace ekiden::mailbox
