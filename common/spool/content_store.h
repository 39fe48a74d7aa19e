#pragma once
// The files content/ID of large messages: made for a receiving service, flushed at commit, opened for a
// deliverer, removed with the message. Holds the directory open, so it works on after chroot. Which files
// belong to messages is the database's knowledge; this class only knows names, and it takes none that is not
// a queue id.
#include <cstdint>
#include <functional>
#include <string>

#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/text/queue_id.h"

namespace ekiden::queue {

class ContentStore {
  public:
    // Opens DIRECTORY/content, made with mode 0700 when it is not there.
    static Result<ContentStore> open(const std::string& directory);
    // The same, which has to be there.
    static Result<ContentStore> open_to_read(const std::string& directory);

    // A new, empty file of mode 0600 and a descriptor that can write to it. Temporary when there is no space,
    // inode or descriptor; permanent when the file is there already.
    Result<OwnedFd> create(const text::QueueId& id) const;
    // Tells the disk to begin with what sync() will wait for; only a hint.
    void begin_sync(const text::QueueId& id) const;
    // Checks that the file has exactly `size` octets and flushes it. sync_directory() must follow before the
    // message's row.
    Result<> sync(const text::QueueId& id, std::int64_t size) const;
    Result<> sync_directory() const;
    // For reading only.
    Result<OwnedFd> open_for_reading(const text::QueueId& id) const;
    // Octets in the file; not_found when there is none (or something else by its name).
    Result<std::int64_t> size(const text::QueueId& id) const;
    // A file that is not there is no error.
    void remove(const text::QueueId& id) const;
    // Removes every file that `wanted` denies, and what has no queue id's name. Returns how many.
    Result<int> sweep(const std::function<bool(const text::QueueId&)>& wanted) const;

  private:
    explicit ContentStore(OwnedFd directory) : directory_(std::move(directory)) {}
    OwnedFd directory_;
};

}  // namespace ekiden::queue
