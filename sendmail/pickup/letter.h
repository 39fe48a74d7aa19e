#pragma once
// One maildrop file on its way into the queue: read and checked whole, then read again as the queue wants it,
// header mended, in wire form, in memory or in a file of the queue's. A file makes one message, with -XV one
// a recipient.
#include <functional>
#include <memory>
#include <string>

#include "common/base/error.h"
#include "common/event/loop.h"
#include "common/ipc/messages/queue.h"
#include "common/maildrop/drop.h"
#include "sendmail/pickup/directory.h"
#include "sendmail/pickup/header.h"

namespace ekiden::pickup {

// The queue, as pickup needs it; tests have their own.
class Queue {
  public:
    virtual ~Queue() = default;
    virtual Task<Result<std::string>> take_id() = 0;
    virtual Task<Result<ipc::ContentFile>> open_content(std::string queue_id) = 0;
    virtual void abandon(std::string queue_id) = 0;
    virtual Task<Result<ipc::Committed>> commit(ipc::Commit commit) = 0;
    virtual Task<Result<>> forget_drops(std::vector<std::string> keep) = 0;
};

struct LetterOptions {
    Host host;
    std::size_t inline_limit = 65536;  // spool_inline_limit
};

class Letter {
  public:
    // All must outlive it.
    Letter(event::Loop& loop, Queue& queue, const LetterOptions& options, std::string name, Opened file)
        : loop_(loop), queue_(queue), options_(options), name_(std::move(name)), file_(std::move(file)) {}

    // Malformed: the file is broken, and nothing of it was taken. Done: all of it is durable in the queue.
    Task<Result<>> send();

  private:
    Task<Result<>> examine();
    Task<Result<>> send_part(std::uint32_t part);
    ipc::Commit envelope_of(std::uint32_t part, const std::string& queue_id) const;

    event::Loop& loop_;
    Queue& queue_;
    const LetterOptions& options_;
    std::string name_;
    Opened file_;
    maildrop::Envelope envelope_;
};

}  // namespace ekiden::pickup
