// How: a stream socket; the kernel keeps descriptors with the octets they were sent with, so those of a frame
// have arrived when its last octet has. The reader and the writer are two coroutines of the channel itself.
#include "common/ipc/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/log/events.h"

namespace ekiden::ipc {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr auto forever = std::chrono::hours(1);

struct ErrorForm {  // an Error on the wire
    static constexpr std::string_view name = "error";
    std::uint8_t kind;
    std::string text;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("kind", m.kind), f("text", m.text);
    }
};

}  // namespace

std::vector<OwnedFd> duplicate(const std::vector<int>& fds) {
    std::vector<OwnedFd> copies;
    for (int fd : fds) copies.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return copies;
}

std::optional<std::string_view> obstacle(std::size_t payload, const std::vector<OwnedFd>& fds) {
    if (payload > limits::payload) return "a message is too large";
    if (fds.size() > limits::descriptors) return "a message has too many descriptors";
    for (const OwnedFd& fd : fds)
        if (!fd) return "no descriptor is left";
    return std::nullopt;
}

Dispatcher::Encoded Dispatcher::encode_error(const Error& error) {
    Encoded encoded{FrameKind::error, type_of(ErrorForm::name), {}, {}};
    std::vector<int> none;
    encode(ErrorForm{static_cast<std::uint8_t>(error.kind), error.text}, encoded.payload, none);
    return encoded;
}

Dispatcher::Encoded Dispatcher::broken(const Error& error) {
    Encoded encoded{FrameKind::error, 0, error.text, {}};
    encoded.broken = true;
    return encoded;
}

Channel::Channel(event::Loop& loop, OwnedFd fd, Service self, Sender peer, const Dispatcher& dispatcher,
                 std::function<void(Channel&)> closed, Bounds bounds)
    : loop_(loop),
      fd_(std::move(fd)),
      self_(self),
      peer_(std::move(peer)),
      dispatcher_(dispatcher),
      closed_(std::move(closed)),
      bounds_(bounds),
      output_ready_(loop),
      all_sent_(loop),
      heard_out_(loop),
      end_(loop,
           [this] {
               auto closed = std::move(closed_);  // it may destroy this channel
               closed(*this);
           }),
      idle_(loop,
            [this] {
                if (gate_.size() == 0)
                    close();
                else
                    expect_question();
            }),
      gate_(loop, [this](std::exception_ptr failure) {
          try {
              std::rethrow_exception(failure);
          } catch (const std::exception& what) {
              log::emit(events::session_failed, fmt::format("request of {}", name_of(peer_.service)),
                        what.what());
          }
      }) {
    int flags = fcntl(fd_.get(), F_GETFL);
    fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK);
    watch_ = std::make_unique<event::Watch>(loop, fd_.get());
    reader_ = read_frames();
    writer_ = write_frames();
    reader_.start();
    writer_.start();
    expect_question();
}

Channel::~Channel() = default;

bool Channel::send_frame(FrameKind kind, std::uint32_t type, std::uint32_t request, std::string_view payload,
                         std::vector<OwnedFd> fds) {
    if (!open_ || deaf_) return false;
    if (unsent_ > bounds_.unsent) {
        refuse("it does not read what it is sent");
        return false;
    }
    if (auto why = obstacle(payload.size(), fds)) {
        log::emit(events::message_unsent, name_of(peer_.service), *why);
        return false;
    }
    FrameHeader header{static_cast<std::uint32_t>(payload.size()), type, request, kind,
                       static_cast<std::uint8_t>(fds.size())};
    // Frames without descriptors share a segment, so that they leave together.
    if (output_.empty() || !fds.empty() || output_.back().octets.size() > read_size) output_.emplace_back();
    Segment& segment = output_.back();
    segment.octets += encode_header(header);
    segment.octets += payload;
    segment.fds = std::move(fds);
    if (!segment.fds.empty()) output_.emplace_back();
    unsent_ += FrameHeader::size + payload.size();
    output_ready_.notify_all();
    return true;
}

Task<> Channel::write_frames() {
    while (open_) {
        if (unsent_ == 0) {
            co_await output_ready_.wait(forever);
            continue;
        }
        if (send_some()) continue;
        co_await watch_->writable(forever);
    }
}

bool Channel::send_some() {
    Segment& segment = output_.front();
    if (segment.octets.empty()) {
        output_.pop_front();
        return true;
    }
    iovec part{segment.octets.data() + segment.sent, segment.octets.size() - segment.sent};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * limits::descriptors)> control{};
    if (segment.sent == 0 && !segment.fds.empty()) {
        std::vector<int> numbers;
        for (const OwnedFd& fd : segment.fds) numbers.push_back(fd.get());
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * numbers.size());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * numbers.size());
        std::memcpy(CMSG_DATA(header), numbers.data(), sizeof(int) * numbers.size());
    }
    ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
        watch_->full();
        return false;
    }
    if (sent < 0 && errno == EINTR) return true;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        // What the other end said before it went is still read; the reader then finds the end.
        deaf_ = true;
        output_.clear();
        unsent_ = 0;
        all_sent_.notify_all();
        return true;
    }
    if (sent < 0) {
        close();
        return false;
    }
    segment.sent += static_cast<std::size_t>(sent);
    unsent_ -= static_cast<std::size_t>(sent);
    if (segment.sent == segment.octets.size()) output_.pop_front();
    if (unsent_ == 0) all_sent_.notify_all();
    return true;
}

Task<bool> Channel::sent(Milliseconds time) {
    bool none_left = co_await all_sent_.until([this] { return unsent_ == 0; }, time);
    if (!open_ || deaf_) co_return false;
    co_return none_left;
}

Task<bool> Channel::last(Milliseconds time) {
    bool heard = co_await heard_out_.until([this] { return heard_last(); }, time);
    co_return heard;
}

Task<> Channel::read_frames() {
    co_await loop_.next_round();  // who made this channel finishes first
    while (open_) {
        if (receive()) {
            while (open_ && take_frame()) continue;
            if (consumed_ == input_.size()) {
                if (input_.capacity() > read_size) std::string().swap(input_);
                input_.clear();
                consumed_ = 0;
            } else if (consumed_ > read_size) {
                input_.erase(0, consumed_);
                consumed_ = 0;
            }
        } else if (open_) {
            co_await watch_->readable(forever);
        }
    }
}

bool Channel::receive() {
    if (!watch_->maybe_readable()) return false;
    static thread_local std::array<char, read_size> scratch;
    iovec part{scratch.data(), scratch.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * limits::descriptors)> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (bounds_.descriptors) {  // else the kernel lets go of them and says MSG_CTRUNC
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
    ssize_t octets = recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (octets < 0 && errno == EINTR) return true;
    if (octets < 0 && errno == EAGAIN) {
        watch_->drained();
        return false;
    }
    if (octets <= 0) {
        close();
        return false;
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            received_fds_.emplace_back(fd);
        }
    }
    if (message.msg_flags & MSG_CTRUNC || received_fds_.size() > 4 * limits::descriptors) {
        refuse("too many descriptors, or none left to take them");
        return false;
    }
    // A short read does not mean that all was read: descriptors end one, and behind the last octets of a peer
    // that was killed stands an error, which the loop reports as readiness only once. So it is read until
    // EAGAIN.
    input_.append(scratch.data(), static_cast<std::size_t>(octets));
    return true;
}

bool Channel::take_frame() {
    std::string_view ready = std::string_view(input_).substr(consumed_);
    if (ready.size() < FrameHeader::size) return false;
    Result<FrameHeader> header = decode_header(ready);
    if (!header) {
        refuse(header.error().text);
        return false;
    }
    if (header->length > bounds_.payload) {
        refuse("a message is too large");
        return false;
    }
    if (header->descriptors > 0 && !bounds_.descriptors) {
        refuse("it may not send descriptors");
        return false;
    }
    if (ready.size() < FrameHeader::size + header->length) return false;
    std::string payload(ready.substr(FrameHeader::size, header->length));
    consumed_ += FrameHeader::size + header->length;
    std::vector<OwnedFd> fds;
    for (unsigned i = 0; i < header->descriptors && !received_fds_.empty(); ++i) {
        fds.push_back(std::move(received_fds_.front()));
        received_fds_.pop_front();
    }
    if (header->kind == FrameKind::reply || header->kind == FrameKind::error) {
        auto waiting = pending_.find(header->request);
        if (waiting == pending_.end()) return true;  // its asker gave up
        Pending& pending = *waiting->second;
        pending.done = true;
        pending.failed = header->kind == FrameKind::error;
        pending.type = header->type;
        pending.payload = std::move(payload);
        pending.fds = std::move(fds);
        pending.answered.notify_all();
        return true;
    }
    if (header->kind == FrameKind::last) {
        heard_last_ = true;
        heard_out_.notify_all();
        return true;
    }
    auto handler = dispatcher_.handlers_.find(header->type);
    if (!permitted(peer_.service, self_, header->type) || handler == dispatcher_.handlers_.end() ||
        handler->second.replies != (header->kind == FrameKind::request)) {
        refuse(fmt::format("{} may not send message {:08x} here", name_of(peer_.service), header->type));
        return false;
    }
    if (overloaded(payload.size())) {
        refuse("it has too many requests under way");
        return false;
    }
    gate_.spawn(serve(header->request, handler->second, std::move(payload), std::move(fds)));
    return true;
}

Task<> Channel::serve(std::uint32_t request, const Dispatcher::Handler& handler, std::string payload,
                      std::vector<OwnedFd> fds) {
    struct Served {
        Served(std::size_t& sum, std::size_t octets) : total(sum), own(octets) { total += own; }
        Served(const Served&) = delete;
        Served& operator=(const Served&) = delete;
        ~Served() { total -= own; }
        std::size_t& total;
        std::size_t own;
    } served(served_octets_, payload.size());
    Dispatcher::Encoded encoded;
    try {
        encoded = co_await handler.run(std::move(payload), std::move(fds), peer_);
    } catch (const std::exception& failure) {
        log::emit(events::session_failed, fmt::format("request of {}", name_of(peer_.service)),
                  failure.what());
        encoded = Dispatcher::encode_error({ErrorKind::temporary, "internal error"});
    }
    // The asker must not wait in vain, and the others on this channel must not lose it.
    if (auto why = obstacle(encoded.payload.size(), encoded.fds); why && !encoded.broken)
        encoded = Dispatcher::encode_error({ErrorKind::temporary, std::string(*why)});
    if (encoded.broken)
        refuse(encoded.payload);
    else if (handler.replies)
        send_frame(encoded.kind, encoded.type, request, encoded.payload, std::move(encoded.fds));
    expect_question();
}

// The time without one begins anew.
void Channel::expect_question() {
    if (open_ && bounds_.idle > Milliseconds(0)) idle_.start(bounds_.idle);
}

bool Channel::overloaded(std::size_t more) const {
    return gate_.size() >= bounds_.requests || served_octets_ + more > bounds_.octets;
}

// Closed first: this may be the channel that the log's own lines take.
void Channel::refuse(std::string why) {
    if (!open_) return;
    close();
    log::emit(events::channel_refused, name_of(peer_.service), why);
}

void Channel::close() {
    if (!open_) return;
    open_ = false;
    ::shutdown(fd_.get(), SHUT_RDWR);
    output_.clear();
    unsent_ = 0;
    for (auto& [request, pending] : pending_) {
        if (pending->done) continue;  // answered in the same breath; its asker only has not gone on yet
        pending->done = pending->failed = true;
        pending->type = 0;
        pending->answered.notify_all();
    }
    output_ready_.notify_all();
    all_sent_.notify_all();
    heard_out_.notify_all();
    end_.start(Milliseconds(0));
}

Error Channel::decode_error(Pending& pending) {
    if (pending.type == 0) return {ErrorKind::temporary, "lost the connection to the service"};
    Result<ErrorForm> form = decode<ErrorForm>(pending.payload, pending.fds);
    if (!form || form->kind > static_cast<std::uint8_t>(ErrorKind::not_found))
        return {ErrorKind::temporary, "a broken error message"};
    return {static_cast<ErrorKind>(form->kind), form->text};
}

}  // namespace ekiden::ipc
