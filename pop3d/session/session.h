#pragma once
// A POP3 session after login: RFC 1939's transaction and update states for one user's mailbox, on a
// connection that the front handed over. The dialogue is one coroutine; files are opened, read and removed on
// the thread pool. Messages are streamed in chunks, so a session's memory is its list of names and one chunk.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/owned_fd.h"
#include "common/event/offload.h"
#include "common/net/stream.h"
#include "common/pop3/command.h"
#include "pop3d/session/maildrop.h"

namespace ekiden::pop3d {

struct SessionSettings {
    Milliseconds idle_timeout =
        std::chrono::minutes(10);  // pop3d_session_timeout; RFC 1939 §3: at least ten minutes
    Milliseconds lock_timeout{0};  // pop3d_lock_timeout
    Milliseconds update_timeout = std::chrono::seconds(20);  // how long QUIT waits for other programs' locks
    unsigned bad_command_limit = 20;                         // pop3d_bad_command_limit
    mailbox::OpeningSettings opening;                        // pop3d_message_limit, virtual_mailbox_lock
};

// What the log says when a session ends.
struct SessionReport {
    std::uint64_t retrieved = 0;         // messages sent whole
    std::uint64_t retrieved_octets = 0;  // of those, on the wire
    std::uint64_t deleted = 0;
    std::uint64_t left = 0;  // messages that stay
    std::string reason;      // "quit", "in use", "timeout" …
};

class Session {
  public:
    // `mail_root` is a descriptor of virtual_mailbox_base that outlives the session, as loop, pool and stream
    // do.
    Session(event::Loop& loop, event::Offload& pool, net::Stream& client, int mail_root,
            SessionSettings settings);

    // Opens `mailbox` below the mail root (a Maildir where it ends with '/', else an mbox), answers the login
    // with +OK or -ERR, serves until QUIT or the end of the connection, and removes what was deleted if it
    // was QUIT. Does not throw net::Closed.
    Task<SessionReport> run(std::string mailbox);

  private:
    struct Chunk;
    struct Reading;
    enum class Next { go_on, close };

    Task<> serve(std::string mailbox);
    Task<bool> open(std::string mailbox);
    Task<Result<mailbox::OpenedMailbox>> open_or_wait(std::string mailbox);
    Task<Next> obey(pop3::Command command);

    void say(std::string_view reply) { client_.write(reply), client_.write("\r\n"); }
    bool must_be_live(std::uint32_t number);
    void stat();
    Task<> list(pop3::List command);
    Task<> uidl(pop3::Uidl command);
    Task<> send_message(std::uint32_t number, std::optional<std::uint32_t> body_lines);
    Task<Result<Chunk>> read_chunk(std::shared_ptr<Reading> reading);
    void dele(pop3::Dele command);
    void capa();
    Task<> quit();
    Task<Result<>> remove_marked();
    Task<> make_room();

    event::Loop& loop_;
    event::Offload& pool_;
    net::Stream& client_;
    int mail_root_;
    SessionSettings settings_;
    SessionReport report_;
    std::optional<mailbox::SessionLock> lock_;
    std::optional<Maildrop> maildrop_;
    unsigned bad_commands_ = 0;
};

}  // namespace ekiden::pop3d
