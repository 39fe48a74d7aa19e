#pragma once
// One connection between two processes: requests with replies, one-way messages, descriptors. Who is at the
// other end was said by master when it made the channel; a message that the table in senders.h does not
// allow, or that does not decode, ends the channel. Frames written in one round of the loop go out with one
// system call.
//
//   Result<RecipientVerdict> verdict = co_await channel.ask(VerifyRecipient{…}, 10s);
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/error.h"
#include "common/event/gate.h"
#include "common/event/loop.h"
#include "common/ipc/senders.h"
#include "common/ipc/wire.h"

namespace ekiden::ipc {

// Who is at the other end.
struct Sender {
    Service service;
    std::uint32_t worker = 0;
    std::uint64_t incarnation = 0;  // differs between a worker and the one that replaced it
    std::int32_t pid = 0;
    std::string log_name{};
    std::uint32_t uid = 0;  // of admin and user: whose command it is
};

// What a peer may have under way here, before it counts as gone wild and is cut off.
struct Bounds {
    std::size_t requests = 100'000;
    std::size_t octets = 256 * 1024 * 1024;  // of the payloads of those requests
    std::size_t payload = limits::payload;   // of one frame
    std::size_t unsent = 64 * 1024 * 1024;   // octets that it does not read
    bool descriptors = true;                 // false: none is taken, and to send one ends the channel
    Milliseconds idle{0};                    // without a question; 0: as long as it likes
};

// What a process does with messages that come in; one for all its channels.
class Dispatcher {
  public:
    // A request: the reply, or the error, is sent when the task ends. The task is destroyed when the channel
    // closes.
    template <Message M>
    void answer(std::function<Task<Result<typename M::Reply>>(M, Sender)> handler) {
        handlers_[type_of(M::name)] = {
            true,
            [handler = std::move(handler)](std::string payload, std::vector<OwnedFd> fds, Sender sender) {
                return handle<M>(handler, std::move(payload), std::move(fds), std::move(sender));
            }};
    }
    // A one-way message.
    template <Message M>
    void hear(std::function<void(M, const Sender&)> handler) {
        handlers_[type_of(M::name)] = {
            false,
            [handler = std::move(handler)](std::string payload, std::vector<OwnedFd> fds, Sender sender) {
                return handle_one_way<M>(handler, std::move(payload), std::move(fds), std::move(sender));
            }};
    }

    struct Encoded {
        FrameKind kind;
        std::uint32_t type;
        std::string payload;
        std::vector<OwnedFd> fds;
        bool broken = false;  // the request did not decode: the channel ends
    };

  private:
    friend class Channel;
    struct Handler {
        bool replies;
        std::function<Task<Encoded>(std::string, std::vector<OwnedFd>, Sender)> run;
    };
    template <Message M, class H>
    static Task<Encoded> handle(const H& handler, std::string payload, std::vector<OwnedFd> fds,
                                Sender sender);
    template <Message M, class H>
    static Task<Encoded> handle_one_way(const H& handler, std::string payload, std::vector<OwnedFd> fds,
                                        Sender sender);
    static Encoded encode_error(const Error& error);
    static Encoded broken(const Error& error);
    std::unordered_map<std::uint32_t, Handler> handlers_;
};

class Channel {
  public:
    // `self` is what this process is, `peer` who is at the other end. `closed` is called once, from the loop,
    // when the other end is gone or was cut off; it may destroy the channel.
    Channel(event::Loop& loop, OwnedFd fd, Service self, Sender peer, const Dispatcher& dispatcher,
            std::function<void(Channel&)> closed, Bounds bounds = {});
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();

    // Waits for the reply. Errors: the peer's own, or temporary when it is gone or does not answer within
    // `time`.
    template <Message M>
    Task<Result<typename M::Reply>> ask(M message, Milliseconds time);
    // One way; false when it was dropped: the peer is gone or does not read, or the message does not fit into
    // a frame, or no descriptor is left to duplicate its own.
    template <Message M>
    bool tell(const M& message);

    // Requests of the other end that are being answered here.
    std::size_t serving() const { return gate_.size(); }
    // Waits until there are none. False: not within `time`.
    Task<bool> answered(Milliseconds time) { return gate_.empty(time); }
    // Gives them up; they are never answered.
    void drop_requests() { gate_.clear(); }

    bool open() const { return open_; }
    std::size_t pending() const { return pending_.size(); }
    const Sender& peer() const { return peer_; }
    // Octets written here that the other end has not taken yet.
    std::size_t unsent() const { return unsent_; }
    // Waits until there are none. False: not within `time`, or the channel closed before.
    Task<bool> sent(Milliseconds time);
    // Promises the other end that nothing more is asked or told here. What it asks is still answered.
    void say_last() { send_frame(FrameKind::last, 0, 0, {}, {}); }
    // The other end has promised that, or is gone.
    bool heard_last() const { return heard_last_ || !open_; }
    // Waits for it. False: not within `time`.
    Task<bool> last(Milliseconds time);

  private:
    struct Pending {
        explicit Pending(event::Loop& loop) : answered(loop) {}
        event::Signal answered;
        bool done = false;
        bool failed = false;
        std::uint32_t type = 0;
        std::string payload;
        std::vector<OwnedFd> fds;
    };
    struct Segment {
        std::string octets;
        std::vector<OwnedFd> fds;  // sent with the first octet
        std::size_t sent = 0;
    };

    bool send_frame(FrameKind kind, std::uint32_t type, std::uint32_t request, std::string_view payload,
                    std::vector<OwnedFd> fds);
    Task<> read_frames();
    Task<> write_frames();
    Task<> serve(std::uint32_t request, const Dispatcher::Handler& handler, std::string payload,
                 std::vector<OwnedFd> fds);
    bool receive();
    bool send_some();
    bool take_frame();
    bool overloaded(std::size_t more) const;
    void expect_question();
    void refuse(std::string why);
    void close();
    static Error decode_error(Pending& pending);

    event::Loop& loop_;
    OwnedFd fd_;
    std::unique_ptr<event::Watch> watch_;
    const Service self_;
    const Sender peer_;
    const Dispatcher& dispatcher_;
    std::function<void(Channel&)> closed_;
    const Bounds bounds_;
    bool open_ = true;
    bool deaf_ = false;  // the other end takes nothing more
    bool heard_last_ = false;
    std::string input_;
    std::size_t consumed_ = 0;
    std::deque<OwnedFd> received_fds_;
    std::deque<Segment> output_;
    std::size_t unsent_ = 0;
    event::Signal output_ready_, all_sent_, heard_out_;
    std::uint32_t last_request_ = 0;
    std::unordered_map<std::uint32_t, Pending*> pending_;
    event::Timer end_, idle_;
    std::size_t served_octets_ = 0;  // of the payloads of requests that are being served
    event::Gate gate_;
    Task<> reader_, writer_;
};

// --- implementation of the templates ---

// A copy that could not be made is empty.
std::vector<OwnedFd> duplicate(const std::vector<int>& fds);
// Why a frame of these cannot be sent: too long, too many descriptors, or one that is empty. None: it can.
std::optional<std::string_view> obstacle(std::size_t payload, const std::vector<OwnedFd>& fds);

template <Message M, class H>
Task<Dispatcher::Encoded> Dispatcher::handle(const H& handler, std::string payload, std::vector<OwnedFd> fds,
                                             Sender sender) {
    Result<M> message = decode<M>(payload, fds);
    if (!message) co_return broken(message.error());
    Result<typename M::Reply> reply = co_await handler(std::move(*message), std::move(sender));
    if (!reply) co_return encode_error(reply.error());
    Encoded encoded{FrameKind::reply, type_of(M::Reply::name), {}, {}};
    std::vector<int> numbers;
    encode(*reply, encoded.payload, numbers);
    encoded.fds = duplicate(numbers);
    co_return encoded;
}

template <Message M, class H>
Task<Dispatcher::Encoded> Dispatcher::handle_one_way(const H& handler, std::string payload,
                                                     std::vector<OwnedFd> fds, Sender sender) {
    Result<M> message = decode<M>(payload, fds);
    if (!message) co_return broken(message.error());
    handler(std::move(*message), sender);
    co_return Encoded{FrameKind::tell, 0, {}, {}};
}

template <Message M>
Task<Result<typename M::Reply>> Channel::ask(M message, Milliseconds time) {
    std::string payload;
    std::vector<int> numbers;
    encode(message, payload, numbers);
    if (!open_ || payload.size() > limits::payload || pending_.size() >= 100'000)
        co_return temporary(std::string(name_of(peer_.service)) + " is not available");
    std::vector<OwnedFd> fds = duplicate(numbers);
    if (auto why = obstacle(payload.size(), fds)) co_return temporary(std::string(*why));
    std::uint32_t request = ++last_request_;
    Pending pending(loop_);
    struct Registered {
        std::unordered_map<std::uint32_t, Pending*>& table;
        std::uint32_t request;
        ~Registered() { table.erase(request); }
    } registered{pending_, request};
    pending_[request] = &pending;
    send_frame(FrameKind::request, type_of(M::name), request, payload, std::move(fds));
    co_await pending.answered.wait(time);
    if (!pending.done) co_return temporary(std::string(name_of(peer_.service)) + " does not answer");
    if (pending.failed) co_return std::unexpected(decode_error(pending));
    if (pending.type != type_of(M::Reply::name)) co_return malformed("an answer to another question");
    Result<typename M::Reply> reply = decode<typename M::Reply>(pending.payload, pending.fds);
    co_return reply;
}

template <Message M>
bool Channel::tell(const M& message) {
    std::string payload;
    std::vector<int> numbers;
    encode(message, payload, numbers);
    return send_frame(FrameKind::tell, type_of(M::name), 0, payload, duplicate(numbers));
}

}  // namespace ekiden::ipc
