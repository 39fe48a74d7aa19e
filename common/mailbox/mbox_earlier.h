#pragma once
// Finds what an earlier attempt of the same delivery left in an mbox, without any mark in the mail: the entry
// of a delivery is the same octets each time, and its Received: field of this host has the queue id, so no
// other entry is equal to it.
#include <cstdint>
#include <optional>

#include "common/base/error.h"
#include "common/mailbox/mbox_format.h"

namespace ekiden::mailbox {

struct EarlierEntry {
    std::uint64_t start = 0;  // of its "From " line
    bool torn = false;        // the file ends in the middle of it
};

// Searches the first `size` octets of the open file. Lines that mail readers put into the header (Status:,
// X-UID: …) do not hide a copy. An error: file or content could not be read, so nobody knows.
Result<std::optional<EarlierEntry>> find_earlier_entry(int file, std::uint64_t size, const MboxEntry& entry);

}  // namespace ekiden::mailbox
