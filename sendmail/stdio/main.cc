// smtpd-stdio: what `sendmail -bs` becomes. One SMTP session on standard input and output, with no more
// rights than its caller has; its messages go the way of all local mail, by ekidrop.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "common/config/read_leniently.h"
#include "common/log/facility.h"
#include "common/log/logger.h"
#include "common/smtp/session.h"
#include "sendmail/stdio/drop_backend.h"
#include "sendmail/stdio/line_ends.h"

namespace ekiden {
namespace {

// Whoever calls speaks for himself: nothing of what main.cf says about strangers holds. A script may send all
// at once.
const RawValues overrides = {
    {"mynetworks", "127.0.0.0/8"},
    {"smtpd_client_restrictions", ""},
    {"smtpd_helo_restrictions", ""},
    {"smtpd_sender_restrictions", ""},
    {"smtpd_relay_restrictions", "permit_mynetworks, reject"},
    {"smtpd_recipient_restrictions", ""},
    {"smtpd_data_restrictions", ""},
    {"smtpd_reject_unlisted_recipient", "no"},
    {"smtpd_helo_required", "no"},
    {"smtpd_forbid_unauth_pipelining", "no"},
    {"smtpd_forbid_bare_newline", "no"},
    {"smtpd_peername_lookup", "no"},
    {"smtpd_sasl_auth_enable", "no"},
    {"smtpd_tls_security_level", "none"},
    {"smtpd_tls_wrappermode", "no"},
    {"smtpd_client_connection_count_limit", "0"},
    {"smtpd_client_connection_rate_limit", "0"},
    {"smtpd_client_message_rate_limit", "0"},
    {"smtpd_client_recipient_rate_limit", "0"},
    {"smtpd_error_sleep_time", "0s"},
};

class NoPolicy final : public smtp::Policy {
  public:
    Task<std::optional<smtp::Reply>> at_mail(const smtp::Facts&, std::string, smtp::Backend&) override {
        co_return std::nullopt;
    }
    smtp::HeaderFixes fix_header(const smtp::Facts&, const mail::HeaderSummary&, std::string_view) override {
        return {};
    }
};

class Syslog final : public log::Sink {
  public:
    Syslog(std::string name, const std::string& facility) : name_(std::move(name)) {
        openlog(name_.c_str(), LOG_PID, log::facility_named(facility).value_or(LOG_MAIL));
    }
    void write(const log::Line& line) override {
        syslog(static_cast<int>(line.level), "%s", line.text.c_str());
    }

  private:
    std::string name_;
};

Result<Settings> read_settings() {
    std::string directory(param::config_directory.default_text);
    if (const char* named = std::getenv("MAIL_CONFIG")) directory = named;
    return config::read_leniently(directory, overrides);
}

// Copies until one side ends. Standard input may be a file, which no event loop can wait for.
void pump(int from, int to, stdio::LineEnds* line_ends = nullptr) {
    std::array<char, 16384> buffer{};
    while (true) {
        ssize_t got = read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
        const std::string fixed = line_ends != nullptr ? line_ends->fix(piece) : std::string();
        if (line_ends != nullptr) piece = fixed;
        while (!piece.empty()) {
            ssize_t written = write(to, piece.data(), piece.size());
            if (written < 0 && errno != EINTR) return;
            if (written > 0) piece.remove_prefix(static_cast<std::size_t>(written));
        }
    }
}

Task<> converse(smtp::Server& server, net::Accepted client) {
    smtp::Session session(server, std::move(client));
    co_await session.run();
}

int complain(const std::string& text) {
    fmt::print(stderr, "sendmail: fatal: {}\n", text);
    return EX_TEMPFAIL;
}

int serve(const Settings& settings) {
    Result<smtp::SessionOptions> options =
        smtp::SessionOptions::from(settings, smtp::Role::transfer, tables::Source{});
    if (!options) return complain(options.error().text);
    Syslog sink(settings[param::syslog_name] + "/smtpd", settings[param::syslog_facility]);
    log::set_sink(&sink);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return complain("socketpair failed");
    OwnedFd ours(ends[0]);
    std::thread input([&ours] {
        stdio::LineEnds line_ends;
        pump(STDIN_FILENO, ours.get(), &line_ends);
        shutdown(ours.get(), SHUT_WR);
    });
    std::thread output([&ours] { pump(ours.get(), STDOUT_FILENO); });
    {
        event::Loop loop;
        stdio::DropBackend backend(settings[param::command_directory]);
        NoPolicy policy;
        smtp::Server server(loop, backend, std::move(*options), policy);
        net::Accepted client;
        client.fd.reset(ends[1]);
        client.client.address = net::IpAddress::parse("127.0.0.1").value();
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        loop.run(converse(server, std::move(client)));
    }
    output.join();
    log::set_sink(nullptr);
    // The other thread may wait for input that nobody wants any more.
    std::_Exit(EX_OK);
}

}  // namespace
}  // namespace ekiden

int main() {
    using namespace ekiden;
    std::signal(SIGPIPE, SIG_IGN);
    Result<Settings> settings = read_settings();
    if (!settings) return complain(settings.error().text);
    return serve(*settings);
}
