#pragma once
// The queue on disk: one SQLite database and the content files. It keeps the promise of docs/queue-states.md;
// when a message is due, where it goes and what is told to whom is decided elsewhere. No call waits for
// anything but the disk; all are made from one thread at a time (the manager's writer thread). It does not
// log: errors go to the caller.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/spool/content_store.h"
#include "common/spool/message.h"
#include "common/spool/operation.h"
#include "common/spool/reserve.h"

namespace ekiden::queue {

struct SpoolOptions {
    std::int64_t reserve_bytes = 8 << 20;
    // Content above this goes to a file even when it came inline: past it a file is cheaper
    // (docs/decisions/0001).
    std::int64_t in_database_limit = 64 << 10;
    std::int64_t checkpoint_pages = 4000;
    bool durable = true;  // false only for tests that measure something else
};

// A place in the order in which mail becomes due.
struct DueCursor {
    std::int64_t next_attempt = 0;
    Sequence sequence = 0;
    auto operator<=>(const DueCursor&) const = default;
};

// A message whose content or recipients are not what its row says.
struct Suspect {
    text::QueueId id;
    std::string why;
};
struct CheckedMessages {
    std::vector<Suspect> suspects;
    Sequence next = -1;  // go on after this; negative: that was all
};

class Spool {
  public:
    // Opens (or makes) the spool in `directory`, takes its lock, brings the schema up to date, removes
    // orphaned content. Permanent when the database is from a newer program; temporary when another manager
    // holds the lock.
    static Result<Spool> open(const std::string& directory, const SpoolOptions& options = {});
    // For looking only, while no manager runs: takes no lock, makes and mends nothing. Permanent when the
    // form is not the one this program knows.
    static Result<Spool> open_to_read(const std::string& directory);
    Spool(Spool&&) noexcept;
    Spool& operator=(Spool&&) noexcept;
    ~Spool();

    // Applies all in one flushed transaction; if that fails, each in its own, outcomes before intake, giving
    // up the space reserve for outcomes. The results stand in the order of the batch; a value is what
    // operation.h says, else 1. New messages may come back with in_file set.
    std::vector<Result<std::int64_t>> apply(std::span<Operation> batch);

    // Fresh mail (next_attempt 0, not held) with a sequence after `after`, in order of sequence.
    Result<std::vector<StoredMessage>> load_fresh(Sequence after, std::int64_t limit);
    // Deferred mail due at `now` (seconds UTC) after `after`, in order; the cursor of each is its
    // next_attempt and sequence.
    Result<std::vector<StoredMessage>> load_due(DueCursor after, std::int64_t now, std::int64_t limit);
    // When the next deferred message after `now` is due; nothing when there is none.
    Result<std::optional<std::int64_t>> next_due(std::int64_t now);
    // Messages of any state after `after`, in order of sequence, with recipients that are not done.
    Result<std::vector<StoredMessage>> list(Sequence after, std::int64_t limit);
    Result<StoredMessage> load(Sequence sequence);
    // Its recipients of any state, from that number on.
    Result<std::vector<Recipient>> recipients(Sequence sequence, std::int64_t from, std::int64_t limit);
    // Content kept in the database.
    Result<std::string> read_content(Sequence sequence);
    // Addresses of its recipients who have the message already.
    Result<std::vector<std::string>> delivered(Sequence sequence);
    // Its recipients that are no addresses (destination, target, user), done or not.
    Result<std::vector<Recipient>> expanded(Sequence sequence);
    // The number that the next recipient of a message gets.
    Result<std::int64_t> next_number(Sequence sequence);
    // Pulls everything due after `latest` (seconds UTC) back to it; how many there were.
    Result<std::int64_t> clamp(std::int64_t latest);
    Result<std::int64_t> count();

    // --- spool_check.cc: the structure ---
    // SQLite's own check within `limit`, then rows that belong to no message, which are removed. A sentence
    // for each finding.
    Result<std::vector<std::string>> check_database(Milliseconds limit);
    // Looks at `limit` messages after `after`.
    Result<CheckedMessages> check_messages(Sequence after, std::int64_t limit);
    // Removes content files that no message has, of numbers below `first` (none is being received under
    // those), and what has no queue id's name. How many.
    Result<int> sweep_before(Sequence first);
    // How many such files there were when it was opened.
    int swept() const { return swept_; }

    const ContentStore& content() const { return content_; }
    std::int64_t free_bytes() const { return reserve_.free_bytes(); }

  private:
    struct Statements;
    Spool(OwnedFd lock, ContentStore content, SpaceReserve reserve, const SpoolOptions& options);
    Result<> prepare();
    Result<> prepare_statements();
    void apply_alone(Operation& operation, Result<std::int64_t>& result);
    void stage(std::span<Operation> batch, std::span<Result<std::int64_t>> results);
    Result<> place_content(NewMessage& message);
    Result<> write_content(NewMessage& message, int file);
    void into_database(NewMessage& notice);
    void discard_files(Operation& operation);
    Result<> transact(std::span<Operation> batch, std::span<Result<std::int64_t>> results);
    Result<> insert(const NewMessage& message);
    Result<> insert(Sequence sequence, const Recipient& recipient);
    Result<std::int64_t> run(const Accept& accept);
    Result<std::int64_t> run(const Settle& settle);
    Result<std::int64_t> run(const Expand& expand);
    Result<std::int64_t> run(const Command& command);
    Result<std::int64_t> run(const Flush& flush);
    Result<std::int64_t> run(const ReserveSequence& reserve);
    Result<std::int64_t> run(const ForgetDrops& forget);
    Result<> record(const Settle& settle);
    Result<> record(Sequence sequence, const RecipientOutcome& outcome);
    // False: no such message.
    Result<bool> erase(Sequence sequence);
    template <class... Values>
    Result<bool> change(int statement, const Values&... values);
    template <class... Values>
    Result<std::vector<StoredMessage>> load_with(int statement, const Values&... values);
    Result<> load_recipients(StoredMessage& message);

    OwnedFd lock_;
    ContentStore content_;
    SpaceReserve reserve_;
    SpoolOptions options_;
    int swept_ = 0;
    std::vector<text::QueueId> doomed_files_;  // to be unlinked once the transaction stands
    std::unique_ptr<Statements> statements_;   // holds the database
};

}  // namespace ekiden::queue
