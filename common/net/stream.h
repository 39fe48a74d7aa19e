#pragma once
// A connection that reads and writes like the protocol's own dialogue. Replies gather in an output buffer
// that is flushed only when more input must be waited for, so a client that pipelines gets its answers
// together without a line of code for it. A lost connection, a time-out and our own shutting down end the
// session by net::Closed, which is caught in one place per session; protocol code has no plumbing for them.
//
// One coroutine reads and one writes at a time (they may be the same). Not movable: live it where it was
// made.
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/owned_fd.h"
#include "common/event/loop.h"
#include "common/net/tls.h"

namespace ekiden::net {

class Closed : public std::exception {
  public:
    enum class Why { peer, timeout, error };
    Closed(Why why, std::string text) : why(why), text(std::move(text)) {}
    const char* what() const noexcept override { return text.c_str(); }
    Why why;
    std::string text;
};

struct Line {
    std::string text;  // without its end
    bool crlf = true;  // ended by CRLF, not by a bare LF
    bool overlong =
        false;  // the line was longer than the limit: `text` is its beginning, the rest was skipped
};

class Stream {
  public:
    Stream(event::Loop& loop, OwnedFd fd);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    // The next line, up to its LF. The whole line must come within `time`. Throws Closed. A client that sends
    // many at once is served in turns with the others, and must take its replies as it goes.
    Task<Line> read_line(std::size_t limit, Milliseconds time);

    // For content: waits until the input buffer has something (flushing replies before it waits). Throws
    // Closed.
    Task<> fill(Milliseconds time);
    // As fill, but leaves the output alone: for a pump, whose other direction flushes at the same time.
    Task<> wait_for_input(Milliseconds time);
    // What is in the input buffer; valid until the next call of this stream. Take it with consume().
    std::string_view buffered() const { return std::string_view(input_).substr(consumed_); }
    void consume(std::size_t octets);
    // Puts octets that another process had read ahead in front of what comes from the descriptor (the other
    // side of release()). Before the first read.
    void unread(std::string octets) { input_.insert(consumed_, octets); }

    // Into the output buffer; goes out with the next wait for input, or by flush().
    void write(std::string_view octets) { output_.append(octets); }
    std::size_t unsent() const { return output_.size() - sent_; }
    // Everything written has been taken by the kernel. Throws Closed.
    Task<> flush(Milliseconds time);

    // Server side. The reply that invites it must have been written; what the client pipelined in clear
    // behind its command is dropped. Throws Closed when the handshake fails or takes too long.
    Task<> start_tls_server(const TlsContext& context, Milliseconds time);
    Task<> start_tls_client(const TlsContext& context, std::string server_name, Milliseconds time);
    // Null when the stream is in clear.
    const TlsFacts* tls() const { return tls_ ? &tls_facts_ : nullptr; }

    // Ends both directions politely (TLS close alert); the destructor does the rest.
    void shut_down();

    // Gives the descriptor and what was read ahead to somebody else; only in clear and with nothing unsent.
    struct Released {
        OwnedFd fd;
        std::string early;
    };
    Released release();
    int fd() const { return fd_.get(); }

  private:
    // Moves what there is into the input buffer; false when the kernel has nothing.
    bool receive();
    // After a short read with nothing sent since: once more, for a reset that came with those octets.
    bool receive_again();
    // Moves what the kernel takes out of the output buffer; false when it takes no more now.
    bool send();
    void compact();
    // Counts a line or a read that needed no waiting; true when it is the others' turn (await next_round()).
    bool turn_is_over();
    Task<> handshake(Milliseconds time);

    event::Loop& loop_;
    OwnedFd fd_;
    std::unique_ptr<event::Watch> watch_;
    unsigned served_ = 0;  // in this turn
    bool unsure_ = false;  // a short read was taken for the last of what there was
    std::unique_ptr<TlsSession> tls_;
    TlsFacts tls_facts_;
    std::string input_;
    std::size_t consumed_ = 0;
    std::string output_;
    std::size_t sent_ = 0;
};

}  // namespace ekiden::net
