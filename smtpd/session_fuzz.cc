#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>

#include "common/log/logger.h"
#include "common/smtp/session.h"
#include "smtpd/policy.h"
#include "tests/support/scripted_house.h"

namespace ekiden {
namespace {

struct Silence final : log::Sink {
    void write(const log::Line&) override {}
};

smtp::SessionOptions make_options() {
    RawValues values{{"myhostname", "mail.example.jp"},
                     {"mynetworks", "10.0.0.0/8"},
                     {"smtpd_error_sleep_time", "0s"},
                     {"spool_inline_limit", "200"},
                     {"message_size_limit", "5000"},
                     {"smtpd_forbid_unauth_pipelining", "no"},
                     {"smtpd_plaintext_auth_networks", "192.0.2.0/24"}};
    return *smtp::SessionOptions::from(*Settings::make(std::move(values)), smtp::Role::transfer);
}

// Everything that the server said is a sequence of well-formed replies.
void check_replies(int fd) {
    std::string said;
    char piece[65536];
    for (ssize_t n = ::recv(fd, piece, sizeof piece, 0); n > 0; n = ::recv(fd, piece, sizeof piece, 0))
        said.append(piece, static_cast<std::size_t>(n));
    smtp::ReplyReader reader;
    for (std::size_t at = 0; at < said.size();) {
        std::size_t end = said.find("\r\n", at);
        if (end == std::string::npos) std::abort();
        Result<bool> complete = reader.feed(std::string_view(said).substr(at, end - at));
        if (!complete) std::abort();
        if (*complete) reader.take();
        at = end + 2;
    }
}

// What a client may send, all of it, against a whole session with scripted peers.
int play(const std::uint8_t* data, std::size_t size) {
    static Silence silence;
    static const smtp::SessionOptions options = make_options();
    log::set_sink(&silence);
    if (size > 60'000) return 0;  // the socket's buffer takes it at once
    event::Loop loop;
    tests::ScriptedHouse house;
    house.passwords["bob@example.jp"] = "secret";
    house.grants["192.0.2.7"] = "b@example.jp";
    smtpd::TransferPolicy policy;
    smtp::Server server(loop, house, options, policy);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return 0;
    OwnedFd client(ends[0]);
    net::Accepted connection;
    connection.fd.reset(ends[1]);
    connection.client.address = *net::IpAddress::parse("192.0.2.7");
    if (::send(client.get(), data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) return 0;
    ::shutdown(client.get(), SHUT_WR);
    {
        smtp::Session session(server, std::move(connection));
        loop.run(session.run());
    }
    for (const ipc::Commit& commit : house.committed)
        if (commit.notes.size != commit.content.size()) std::abort();
    check_replies(client.get());
    return 0;
}

}  // namespace
}  // namespace ekiden

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ekiden::play(data, size);
}
