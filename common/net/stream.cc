// How: reads go through one scratch buffer of the thread into a string that is freed when it is empty, so
// that an idle connection holds no buffers. Waiting follows the rule of edges (event/loop.h): only after
// EAGAIN or a short read.
#include "common/net/stream.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ekiden::net {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;
// Lines, or reads, that one connection gets before the others have their turn; a few milliseconds at most.
constexpr unsigned turn = 64;
// Replies beyond this must be taken before the next line is read.
constexpr std::size_t unsent_limit = 64 * 1024;
thread_local std::array<char, scratch_size> scratch;

std::int64_t now_ms() { return system_clock().steady_us() / 1000; }

// What is left of a span of time that began earlier; throws when nothing is.
class Deadline {
  public:
    explicit Deadline(Milliseconds time) : end_(now_ms() + time.count()) {}
    Milliseconds left() const {
        Milliseconds rest(end_ - now_ms());
        if (rest <= Milliseconds(0)) throw Closed(Closed::Why::timeout, "timeout exceeded");
        return rest;
    }

  private:
    std::int64_t end_;
};

[[noreturn]] void lost(int error) {
    throw Closed(error == 0 || error == ECONNRESET || error == EPIPE ? Closed::Why::peer : Closed::Why::error,
                 error == 0 ? "lost connection" : strerror(error));
}

}  // namespace

Stream::Stream(event::Loop& loop, OwnedFd fd)
    : loop_(loop), fd_(std::move(fd)), watch_(std::make_unique<event::Watch>(loop, fd_.get())) {}

Stream::~Stream() = default;

Task<Line> Stream::read_line(std::size_t limit, Milliseconds time) {
    Line line;
    std::size_t scanned = 0;
    std::unique_ptr<Deadline> deadline;  // made only when there is something to wait for
    for (;;) {
        std::string_view ready = buffered();
        std::size_t end = ready.find('\n', scanned);
        if (end == std::string_view::npos && ready.size() > limit + 1) {
            // Keep the beginning once, skip the rest as it comes (a CR at the cut may belong to the line's
            // end).
            if (!line.overlong) line.text = ready.substr(0, limit);
            line.overlong = true;
            consume(ready.size() - 1);
            scanned = 0;
            ready = buffered();
        }
        if (end != std::string_view::npos) {
            std::string_view text = ready.substr(0, end);
            line.crlf = text.ends_with('\r');
            if (line.crlf) text.remove_suffix(1);
            if (!line.overlong && text.size() > limit) line.overlong = true, text = text.substr(0, limit);
            if (line.text.empty()) line.text = text;
            consume(end + 1);
            if (unsent() > unsent_limit) co_await flush(time);
            if (turn_is_over()) co_await loop_.next_round();
            co_return line;
        }
        scanned = ready.size();
        if (!deadline) deadline = std::make_unique<Deadline>(time);
        std::size_t before = ready.size();
        while (buffered().size() == before) {
            if (receive()) break;
            co_await flush(deadline->left());
            if (receive_again()) break;
            served_ = 0;
            bool ok = co_await watch_->readable(deadline->left());
            if (!ok) throw Closed(Closed::Why::timeout, "timeout exceeded");
        }
    }
}

bool Stream::turn_is_over() {
    if (++served_ < turn) return false;
    served_ = 0;
    return true;
}

Task<> Stream::fill(Milliseconds time) {
    if (!buffered().empty()) co_return;
    if (turn_is_over()) co_await loop_.next_round();
    Deadline deadline(time);
    while (!receive()) {
        co_await flush(deadline.left());
        if (receive_again()) break;
        served_ = 0;
        bool ok = co_await watch_->readable(deadline.left());
        if (!ok) throw Closed(Closed::Why::timeout, "timeout exceeded");
    }
}

Task<> Stream::wait_for_input(Milliseconds time) {
    if (!buffered().empty()) co_return;
    if (turn_is_over()) co_await loop_.next_round();
    Deadline deadline(time);
    while (!receive() && !receive_again()) {
        served_ = 0;
        bool ok = co_await watch_->readable(deadline.left());
        if (!ok) throw Closed(Closed::Why::timeout, "timeout exceeded");
    }
}

void Stream::consume(std::size_t octets) {
    consumed_ += octets;
    compact();
}

void Stream::compact() {
    if (consumed_ == input_.size()) {
        // An idle connection gives its buffer back; a busy one keeps a small one.
        if (input_.capacity() > 4096) std::string().swap(input_);
        input_.clear();
        consumed_ = 0;
    } else if (consumed_ > scratch_size) {
        input_.erase(0, consumed_);
        consumed_ = 0;
    }
}

bool Stream::receive() {
    if (tls_) {
        TlsSession::Moved moved = tls_->read(scratch.data(), scratch.size());
        if (moved.wait == TlsSession::Wait::closed) lost(0);
        if (moved.wait != TlsSession::Wait::none) {
            // A record of TLS's own waits for a full socket whose peer has ended its side: nothing would ever
            // come, and "readable" would be true for ever.
            if (moved.wait == TlsSession::Wait::writable && watch_->hung_up()) lost(EPIPE);
            watch_->drained();
            return false;
        }
        input_.append(scratch.data(), moved.octets);
        return true;
    }
    while (watch_->maybe_readable()) {
        ssize_t octets = recv(fd_.get(), scratch.data(), scratch.size(), 0);
        if (octets > 0) {
            if (static_cast<std::size_t>(octets) < scratch.size()) {
                watch_->drained();
                unsure_ = true;
            }
            input_.append(scratch.data(), static_cast<std::size_t>(octets));
            return true;
        }
        if (octets == 0) lost(0);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) lost(errno);
        watch_->drained();
        unsure_ = false;
    }
    return false;
}

// The loop reports an error of the socket as plain readiness, without a word on the end of the peer's side.
// When it came in one edge with the last octets, there is no other edge: only asking tells. Who has sent
// something since has asked, for sending to a socket that was reset fails.
bool Stream::receive_again() {
    if (tls_ || !std::exchange(unsure_, false)) return false;
    ssize_t octets = -1;
    do octets = recv(fd_.get(), scratch.data(), scratch.size(), 0);
    while (octets < 0 && errno == EINTR);
    if (octets == 0) lost(0);
    if (octets < 0 && errno != EAGAIN) lost(errno);
    if (octets < 0) return false;
    unsure_ = true;
    input_.append(scratch.data(), static_cast<std::size_t>(octets));
    return true;
}

bool Stream::send() {
    while (sent_ < output_.size()) {
        std::string_view rest = std::string_view(output_).substr(sent_);
        if (tls_) {
            TlsSession::Moved moved = tls_->write(rest);
            if (moved.wait == TlsSession::Wait::closed) lost(EPIPE);
            if (moved.wait != TlsSession::Wait::none) {
                watch_->full();
                return false;
            }
            sent_ += moved.octets;
            continue;
        }
        ssize_t octets = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (octets >= 0) {
            unsure_ = false;
            sent_ += static_cast<std::size_t>(octets);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) lost(errno);
        watch_->full();
        return false;
    }
    if (output_.capacity() > 4096) std::string().swap(output_);
    output_.clear();
    sent_ = 0;
    return true;
}

Task<> Stream::flush(Milliseconds time) {
    if (output_.empty()) co_return;
    Deadline deadline(time);
    while (!send()) {
        bool ok = co_await watch_->writable(deadline.left());
        if (!ok) throw Closed(Closed::Why::timeout, "timeout exceeded while sending");
    }
}

Task<> Stream::handshake(Milliseconds time) {
    Deadline deadline(time);
    for (;;) {
        TlsSession::Wait wait = tls_->handshake();
        if (wait == TlsSession::Wait::none) break;
        if (wait == TlsSession::Wait::closed) {
            std::string why = tls_->error();
            throw Closed(Closed::Why::error, "TLS handshake: " + why);
        }
        bool ok = false;
        if (wait == TlsSession::Wait::readable) {
            watch_->drained();
            ok = co_await watch_->readable(deadline.left());
        } else {
            watch_->full();
            ok = co_await watch_->writable(deadline.left());
        }
        if (!ok) throw Closed(Closed::Why::timeout, "timeout exceeded in TLS handshake");
    }
    tls_facts_ = tls_->facts();
}

Task<> Stream::start_tls_server(const TlsContext& context, Milliseconds time) {
    co_await flush(time);
    consume(buffered().size());
    Result<TlsSession> session = TlsSession::accept(context, fd_.get());
    if (!session) throw Closed(Closed::Why::error, session.error().text);
    tls_ = std::make_unique<TlsSession>(std::move(*session));
    co_await handshake(time);
}

Task<> Stream::start_tls_client(const TlsContext& context, std::string server_name, Milliseconds time) {
    co_await flush(time);
    consume(buffered().size());
    Result<TlsSession> session = TlsSession::connect(context, fd_.get(), server_name);
    if (!session) throw Closed(Closed::Why::error, session.error().text);
    tls_ = std::make_unique<TlsSession>(std::move(*session));
    co_await handshake(time);
}

void Stream::shut_down() {
    if (tls_) tls_->close();
    ::shutdown(fd_.get(), SHUT_WR);
}

Stream::Released Stream::release() {
    Released released{OwnedFd(), std::string(buffered())};
    watch_.reset();
    released.fd = std::move(fd_);
    return released;
}

}  // namespace ekiden::net
