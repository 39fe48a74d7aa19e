#pragma once
// cdb tables: D. J. Bernstein's constant database, as Postfix's postmap, tinycdb and ekimap write it;
// replaced whole by rename. Every position in the file is checked before it is used, and the file is read by
// pread, so that one that is damaged or cut off gives an error and nothing worse. Keys and values may end in
// a NUL octet, as some writers have them.
#include <span>

#include "common/base/owned_fd.h"
#include "common/tables/replaced_file.h"
#include "common/tables/table.h"
#include "common/tables/text_entries.h"

namespace ekiden::tables {

// One open file.
class CdbFile {
  public:
    static Result<CdbFile> open(const std::string& path);
    // The first value of the key, exactly as it stands in the file.
    Result<std::optional<std::string>> find(std::string_view key) const;

  private:
    struct Slot {
        std::uint32_t hash, position;
    };
    Result<> read(std::uint64_t position, std::span<char> into) const;
    Result<std::pair<std::uint32_t, std::uint32_t>> two_numbers(std::uint64_t position) const;
    Result<bool> has_key_at(std::uint32_t position, std::string_view key, std::uint32_t& value_size) const;

    OwnedFd fd_;
    std::uint64_t size_ = 0;
};

class CdbTable final : public LocalTable {
  public:
    // `path` with its suffix; `fold`: keys are looked up without their case.
    CdbTable(std::string name, std::string path, bool fold)
        : LocalTable(std::move(name)),
          file_(std::move(path), " (run: ekimap " + this->name() + ", for aliases ekialias)"),
          fold_(fold) {}
    Found find_now(std::string_view key) override;

  private:
    ReplacedFile file_;
    const bool fold_;
    std::optional<CdbFile> open_;
};

// The content of a file with these entries; `with_nul`: keys and values get a NUL octet at their end.
// Permanent where it would become larger than the form allows.
Result<std::string> cdb_content(const std::vector<TextEntry>& entries, bool with_nul);

}  // namespace ekiden::tables
