#pragma once
// Removal of entries from an mbox in place: the file stays the same one, so that programs that have it open
// and wait for its lock come out in the right place. What stands behind the first removed entry is first
// written to a file of its own (the journal) beside the mailbox and flushed; a crash while it is copied back
// loses nothing, for whoever of Ekiden opens the mailbox next finishes the work. docs/mailbox-format.md has
// the journal's form and the states.
#include <cstdint>
#include <vector>

#include "common/base/error.h"
#include "common/mailbox/mbox_lock.h"

namespace ekiden::mailbox {

struct Range {
    std::uint64_t begin = 0, end = 0;  // offsets; end is behind the last octet
};

// Takes the ranges, in ascending order and apart from each other, out of the file, and flushes it. On an
// error before the journal was whole the file is as it was; after that, finish_rewrite() ends the work.
Result<> remove_ranges(const LockedMbox& mbox, const std::vector<Range>& removed);

// Ends a rewriting that a crash or an error interrupted; nothing where there was none. To be called whenever
// the mailbox was locked, before anything else is done with it.
Result<> finish_rewrite(const LockedMbox& mbox);

}  // namespace ekiden::mailbox
