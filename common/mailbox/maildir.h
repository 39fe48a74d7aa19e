#pragma once
// A Maildir as POP3 reads it (mailbox.h). The list is compact (16 octets a message beside its name).
#include <string_view>

#include "common/base/owned_fd.h"
#include "common/mailbox/mailbox.h"

namespace ekiden::mailbox {

class Maildir final : public Mailbox {
  public:
    // Lists new/ and cur/ (messages flagged T, marked for removal by another program, included). Past `most`
    // messages the rest is left out. Sizes come from the names' W=; a file without it is read once.
    static Result<Maildir> open(OwnedFd directory, std::size_t most);

    std::size_t count() const override { return entries_.size(); }
    std::uint64_t wire_size(std::size_t index) const override { return entries_[index].wire_size; }
    std::string unique_id(std::size_t index) const override;
    Result<std::unique_ptr<OpenMessage>> open_message(std::size_t index) override;
    // Makes removals durable, too.
    Result<> remove(const std::vector<std::size_t>& indices) override;

  private:
    struct Entry {
        std::uint64_t wire_size = 0;
        std::uint32_t name_offset = 0;
        std::uint16_t name_length = 0;
        bool in_cur = false;
        bool twin = false;  // another message has the same base: the id is made of the whole name
    };
    explicit Maildir(OwnedFd directory) : directory_(std::move(directory)) {}
    Result<> remove_one(std::size_t index) const;
    Result<> flush() const;
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
