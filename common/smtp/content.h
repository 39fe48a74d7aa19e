#pragma once
// Where the content of a message goes while it is read: into memory, and past the inline limit into a new
// file that the manager gave. Our Received: field stands first; when the header has been read, it is looked
// at once and mended. What goes wrong (size, hops, a full disk) is kept as the reply for the end of the data;
// the rest is then read and dropped.
#include <optional>
#include <string>

#include "common/ipc/messages/queue.h"
#include "common/smtp/dot_reader.h"
#include "common/smtp/server.h"

namespace ekiden::smtp {

// What the client hears when the queue does not take the message: 452 4.3.1 for want of space, 554 when
// trying again would not help, else 451 4.3.0.
Reply storage_reply(const Error& error);

class IncomingContent {
  public:
    // `top`: the fields that this host puts on top, whole lines.
    IncomingContent(Server& server, const Facts& facts, std::string queue_id, std::string top);
    IncomingContent(const IncomingContent&) = delete;
    IncomingContent& operator=(const IncomingContent&) = delete;
    // Tells the manager when a file was opened and not committed.
    ~IncomingContent();

    // Takes from what the client sent; gives the octets used.
    std::size_t take(std::string_view received);
    bool done() const { return reader_.done(); }
    const ContentFacts& facts() const { return reader_.facts(); }
    // To be awaited after each take(): moves what is over the inline limit into the file.
    Task<> settle();
    // The reply that refuses the message, if any.
    const std::optional<Reply>& refusal() const { return refusal_; }
    // Puts content and notes into the commit message, when done() and not refused.
    void fill(ipc::Commit& commit);
    // The file now belongs to the queue.
    void committed() { open_ = false; }

  private:
    void open_header();
    void refuse(Reply reply);
    void write_out();

    Server& server_;
    const Facts& session_;
    std::string queue_id_;
    DotReader reader_;
    std::string buffer_;
    std::size_t top_size_;
    bool header_open_ = false;
    std::optional<Reply> refusal_;
    ipc::ContentNotes notes_{};  // of what stands before the client's octets, until fill()
    std::int64_t header_growth_ = 0;
    OwnedFd file_;
    bool open_ = false;
};

}  // namespace ekiden::smtp
