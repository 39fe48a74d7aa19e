#include "bench/load/connection.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ekiden::load {

TlsContext make_client_context() {
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    return context;
}

Connection::Connection(Loop& loop, Owner& owner, SSL_CTX* tls, const std::string& content, Script script)
    : loop_(loop), owner_(owner), context_(tls), content_(content), script_(std::move(script)) {}

Connection::~Connection() {
    SSL_free(tls_);
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Connection::open(const sockaddr_in& server, std::uint32_t source) {
    begun_ = sent_ = Clock::now();
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) give_up("socket");
    int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (source != 0) {
        setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(source);
        if (bind(descriptor_, reinterpret_cast<sockaddr*>(&from), sizeof from) < 0) give_up("bind");
    }
    int result = connect(descriptor_, reinterpret_cast<const sockaddr*>(&server), sizeof server);
    if (result < 0 && errno != EINPROGRESS) return fail(std::string("connect: ") + std::strerror(errno));
    loop_.add(descriptor_, *this);
}

void Connection::fail(const std::string& why) {
    if (state_ == State::done) return;
    state_ = State::done;
    std::string where = step_ < script_.size() ? " (after " + script_[step_].send.substr(0, 20) + ")" : "";
    owner_.failed(*this, why + where);
}

void Connection::ready() {
    if (state_ == State::done) return;
    if (state_ == State::connecting) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return fail(std::string("connect: ") + std::strerror(error));
        state_ = State::talking;
        begin_step();
    }
    if (state_ == State::holding) {
        while (fill()) in_.clear(), read_ = 0;  // a server that closes an idle connection is told by fail()
        return;
    }
    play();
}

void Connection::begin_step() {
    Step& step = script_[step_];
    replies_ = 0;
    sent_ = Clock::now();
    if (step.after == Step::After::message) {
        out_ += stamp();
        out_ += content_;
    } else {
        out_ += step.send;
    }
}

void Connection::play() {
    while (state_ == State::talking || state_ == State::handshaking) {
        if (state_ == State::handshaking) {
            if (!handshake()) return;
            state_ = State::talking;
            ++step_;
            begin_step();
        }
        if (!flush() && state_ == State::done) return;
        if (take_replies()) {
            finish_step();
            continue;
        }
        if (state_ == State::done || !fill()) return;
    }
}

void Connection::finish_step() {
    Step::After after = script_[step_].after;
    if (after == Step::After::handshake) {
        tls_ = SSL_new(context_);
        SSL_set_fd(tls_, descriptor_);
        SSL_set_connect_state(tls_);
        state_ = State::handshaking;
        return;
    }
    if (after == Step::After::count || after == Step::After::message) owner_.counted(*this);
    if (after == Step::After::hold) {
        state_ = State::holding;
        return owner_.held(*this);
    }
    if (++step_ == script_.size()) {
        state_ = State::done;
        return owner_.over(*this);
    }
    begin_step();
}

bool Connection::handshake() {
    ERR_clear_error();
    int result = SSL_do_handshake(tls_);
    if (result == 1) return true;
    int error = SSL_get_error(tls_, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail("TLS handshake failed");
    return false;
}

bool Connection::flush() {
    while (written_ < out_.size()) {
        ssize_t moved;
        if (tls_) {
            ERR_clear_error();
            moved = SSL_write(tls_, out_.data() + written_, static_cast<int>(out_.size() - written_));
            if (moved <= 0) {
                int error = SSL_get_error(tls_, static_cast<int>(moved));
                if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
            }
        } else {
            moved = send(descriptor_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
            if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        }
        if (moved <= 0) {
            fail("the server closed while it was written to");
            return false;
        }
        written_ += static_cast<std::size_t>(moved);
    }
    out_.clear();
    written_ = 0;
    return true;
}

bool Connection::fill() {
    char buffer[16384];
    ssize_t moved;
    if (tls_) {
        ERR_clear_error();
        moved = SSL_read(tls_, buffer, sizeof buffer);
        if (moved <= 0) {
            int error = SSL_get_error(tls_, static_cast<int>(moved));
            if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
        }
    } else {
        moved = recv(descriptor_, buffer, sizeof buffer, 0);
        if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    }
    if (moved <= 0) {
        fail("the server closed");
        return false;
    }
    if (read_ == in_.size()) {
        in_.clear();
        read_ = 0;
    }
    in_.append(buffer, static_cast<std::size_t>(moved));
    return true;
}

bool Connection::take_replies() {
    const Step& step = script_[step_];
    while (replies_ < step.wanted.size()) {
        if (read_ == in_.size()) return false;
        if (in_[read_] != step.wanted[replies_]) {
            std::size_t end = in_.find('\n', read_);
            if (end == std::string::npos) return false;
            fail("answered " + in_.substr(read_, end - read_ - 1));
            return false;
        }
        if (step.wait == Step::Wait::smtp ? !take_smtp_reply() : !take_text()) return false;
        ++replies_;
    }
    return true;
}

bool Connection::take_smtp_reply() {
    std::size_t line = read_;
    for (;;) {
        std::size_t end = in_.find('\n', line);
        if (end == std::string::npos) return false;
        bool last = end - line < 4 || in_[line + 3] != '-';
        line = end + 1;
        if (last) break;
    }
    read_ = line;
    return true;
}

bool Connection::take_text() {
    bool several = script_[step_].wait == Step::Wait::text;
    // The end cannot begin before the last four octets that an earlier look has seen; texts are short, so
    // look anew.
    std::size_t end = several ? in_.find("\r\n.\r\n", read_) : in_.find('\n', read_);
    if (end == std::string::npos) return false;
    read_ = end + (several ? 5 : 1);
    return true;
}

}  // namespace ekiden::load
