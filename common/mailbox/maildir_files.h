#pragma once
// The file system side of a Maildir that delivery and reading share: opening and creating the directories,
// walking new/ and cur/, finding a message whose flags or place another program changed. All of it blocks.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::mailbox {

// Opens the Maildir `mailbox` below `mail_root`; makes it and its parents (mode 0700) where they are missing.
// It must belong to the uid of this process: another owner, or a path that is no directory, is an error whose
// text names it.
// `why` then gets errno, or 0 for another owner. In a Maildir that was there already, tmp, new or cur may be
// missing.
Result<OwnedFd> open_or_create_maildir(int mail_root, const std::string& mailbox, bool flush,
                                       int* why = nullptr);
// Makes the directories above the file `path` that are missing (mode 0700). On failure errno says why.
bool make_parents(int directory, const std::string& path, bool flush);

// Makes those of tmp, new and cur that are missing. On failure errno says why.
bool make_maildir_parts(int maildir, bool flush);

// Calls `seen` with each file name in a sub-directory ("new", "cur", "tmp"), hidden names left out; ends
// early when it returns false. A sub-directory that is missing is empty.
Result<> for_each_name(int maildir, const char* sub, const std::function<bool(std::string_view)>& seen);

struct EarlierCopy {
    std::string name;
    bool in_cur = false;
};
// The message with that base, wherever and under whatever flags it stands now. An error: the directories
// could not be read to their end, so nobody knows.
Result<std::optional<EarlierCopy>> find_by_base(int maildir, std::string_view base);

// Octets of all messages by their names' S=; files without it are asked for their size.
std::uint64_t maildir_size(int maildir);

// Makes renames and removals in a sub-directory durable. On failure errno says why.
bool flush_directory(int maildir, const char* sub);

// Removes files in tmp/ whose last change is older than 36 hours: what crashed deliveries left.
void sweep_tmp(int maildir, std::int64_t now_seconds);

}  // namespace ekiden::mailbox
