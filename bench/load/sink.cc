#include "bench/load/sink.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "bench/load/report.h"
#include "bench/load/script.h"

namespace ekiden::load {

namespace {
constexpr std::size_t header_search = 8192;  // the stamp stands behind the Received: headers of one hop
}

class SinkConnection final : public Handler {
  public:
    SinkConnection(Sink& sink, int descriptor) : sink_(sink), descriptor_(descriptor) {}
    ~SinkConnection() { ::close(descriptor_); }

    void greet() {
        say("220 sink.load.test ESMTP\r\n");
        flush();
    }

    void ready() override {
        if (closed_) return;
        char buffer[65536];
        ssize_t moved;
        while ((moved = recv(descriptor_, buffer, sizeof buffer, 0)) > 0) {
            if (sink_.silent_) continue;
            in_.append(buffer, static_cast<std::size_t>(moved));
            work();
        }
        flush();
        if (moved < 0 && (errno == EAGAIN || errno == EINTR) && !ending_) return;
        closed_ = true;
        sink_.over(descriptor_);
    }

  private:
    void say(std::string_view text) { out_ += text; }

    void flush() {  // replies are short: what the socket does not take at once waits for the next event
        if (out_.empty()) return;
        ssize_t moved = send(descriptor_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (moved > 0) out_.erase(0, static_cast<std::size_t>(moved));
    }

    void work() {
        std::size_t used = 0;
        for (;;) {
            if (in_data_) {
                std::size_t from = searched_ > used + 4 ? searched_ - 4 : used;
                std::size_t end = in_.find("\r\n.\r\n", from);
                searched_ = in_.size();
                if (end == std::string::npos) break;
                sink_.took(std::string_view(in_).substr(used, end - used));
                say("250 2.0.0 Ok\r\n");
                in_data_ = false;
                used = end + 5;
                continue;
            }
            std::size_t end = in_.find('\n', used);
            if (end == std::string::npos) break;
            command(std::string_view(in_).substr(used, end - used));
            used = end + 1;
            searched_ = used;
        }
        in_.erase(0, used);
        searched_ -= std::min(used, searched_);
        flush();
    }

    void command(std::string_view line) {
        std::string verb(line.substr(0, 4));
        for (char& c : verb) c = static_cast<char>(c & ~0x20);
        if (verb == "EHLO") {
            say("250-sink.load.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n");
        } else if (verb == "DATA") {
            say("354 Go ahead\r\n");
            in_data_ = true;
        } else if (verb == "QUIT") {
            say("221 2.0.0 Bye\r\n");
            ending_ = true;
        } else {
            say("250 2.0.0 Ok\r\n");
        }
    }

    Sink& sink_;
    int descriptor_;
    std::string in_, out_;
    std::size_t searched_ = 0;
    bool in_data_ = false, ending_ = false, closed_ = false;
};

Sink::Sink(Loop& loop, const std::string& place, bool silent, std::function<void()> each)
    : loop_(loop), silent_(silent), each_(std::move(each)) {
    std::size_t colon = place.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(place.c_str() + colon + 1)));
    if (colon == std::string::npos ||
        inet_pton(AF_INET, place.substr(0, colon).c_str(), &address.sin_addr) != 1)
        give_up(place.c_str());
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        listen(listener_, 1024) < 0)
        give_up(place.c_str());
    loop_.add(listener_, *this);
}

Sink::~Sink() { ::close(listener_); }

void Sink::ready() {
    for (;;) {
        int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ++sessions_;
        auto& connection = connections_[descriptor];
        connection = std::make_unique<SinkConnection>(*this, descriptor);
        loop_.add(descriptor, *connection);
        if (!silent_) connection->greet();
    }
}

void Sink::took(std::string_view content) {
    last_ = Clock::now();
    if (count_++ == 0) first_ = last_;
    std::size_t at = content.substr(0, header_search).find(stamp_name);
    long long sent = 0;
    if (at != std::string_view::npos) {
        const char* digits = content.data() + at + stamp_name.size();
        std::from_chars(digits, content.data() + content.size(), sent);
        Clock::time_point then{std::chrono::nanoseconds(sent)};
        delays_.push_back(seconds_between(then, last_));
    }
    each_();
}

void Sink::over(int descriptor) {
    loop_.defer([this, descriptor] { connections_.erase(descriptor); });
}

}  // namespace ekiden::load
