#include "common/smtp/client.h"

// The envelope is a list of commands, said in groups: all together with PIPELINING, one by one without.
// Replies are read in order and settle the recipients they speak of. A group is small enough for its replies
// to fit into the socket's buffers, so that both sides cannot wait for each other (RFC 2920 §3.1).
//
// Content with octets above 127 goes as it is to a server without 8BITMIME: such servers are all but gone,
// those that are left pass the octets on, and neither a bounce nor a rewritten (and so no longer validly
// signed) message serves anybody better.

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

constexpr std::size_t reply_line = 2048;  // RFC 5321 §4.5.3.1.5 says 512; some servers write more
constexpr std::size_t group_limit = 100;  // commands said before their replies are read
constexpr std::size_t piece = 64UL * 1024;

bool has_high_octet(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 127; });
}

// The next piece of content from the descriptor; empty at an early end.
Result<std::string> read_piece(int fd, std::uint64_t offset, std::size_t size) {
    std::string octets(size, '\0');
    std::size_t got = 0;
    while (got < size) {
        ssize_t n = pread(fd, octets.data() + got, size - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("reading the message's content", errno);
        if (n == 0) return temporary("the message's content file is shorter than it was");
        got += static_cast<std::size_t>(n);
    }
    return octets;
}

}  // namespace

struct Client::Command {
    Stage stage;
    std::size_t recipient;  // number, for rcpt
    std::string line;
};

// What the replies have settled so far.
struct Client::Progress {
    bool mail_refused = false;
    bool closing = false;        // 421: nothing more will be answered
    std::size_t accepted = 0;    // recipients
    bool data_accepted = false;  // 354
};

ServerOffers read_offers(const Reply& reply, const std::vector<std::string>& ignored) {
    ServerOffers offers;
    offers.esmtp = true;
    std::string_view rest = reply.text;
    bool first = true;  // the server's name and greeting
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        std::vector<std::string> words = text::split(line, " \t=");
        if (std::exchange(first, false) || words.empty()) continue;
        auto is = [&](std::string_view keyword) { return text::equal_ignoring_case(words[0], keyword); };
        if (std::any_of(ignored.begin(), ignored.end(), is)) continue;
        if (is("PIPELINING")) offers.pipelining = true;
        if (is("STARTTLS")) offers.starttls = true;
        if (is("8BITMIME")) offers.eight_bit_mime = true;
        if (is("SMTPUTF8")) offers.smtputf8 = true;
        if (is("SIZE")) {
            offers.size = true;
            if (words.size() > 1) offers.size_limit = text::parse_number(words[1]).value_or(0);
        }
        if (is("AUTH"))
            for (std::size_t i = 1; i < words.size(); ++i) offers.auth.push_back(text::to_upper(words[i]));
    }
    return offers;
}

std::string_view command_of(Stage stage) {
    switch (stage) {
        case Stage::greeting: return "initial connection";
        case Stage::hello: return "EHLO command";
        case Stage::starttls: return "STARTTLS command";
        case Stage::auth: return "AUTH command";
        case Stage::rset: return "RSET command";
        case Stage::mail: return "MAIL FROM command";
        case Stage::rcpt: return "RCPT TO command";
        case Stage::data: return "DATA command";
        case Stage::content:
        case Stage::end_of_data: return "end of DATA command";
        case Stage::quit: return "QUIT command";
    }
    return "?";
}

std::string_view doing(Stage stage) {
    switch (stage) {
        case Stage::greeting: return "receiving the initial server greeting";
        case Stage::hello: return "performing the EHLO handshake";
        case Stage::starttls: return "performing the TLS handshake";
        case Stage::auth: return "logging in";
        case Stage::rset: return "sending RSET";
        case Stage::mail: return "sending MAIL FROM";
        case Stage::rcpt: return "sending RCPT TO";
        case Stage::data: return "sending DATA command";
        case Stage::content: return "sending message body";
        case Stage::end_of_data: return "sending end of data -- message may be sent more than once";
        case Stage::quit: return "sending QUIT command";
    }
    return "?";
}

Client::Client(event::Loop& loop, OwnedFd fd, Protocol protocol, ClientTimeouts timeouts)
    : stream_(loop, std::move(fd)), protocol_(protocol), timeouts_(timeouts) {}

Milliseconds Client::time_for(Stage stage) const {
    switch (stage) {
        case Stage::rset: return timeouts_.rset;
        case Stage::mail: return timeouts_.mail;
        case Stage::rcpt: return timeouts_.rcpt;
        case Stage::data: return timeouts_.data_init;
        case Stage::content: return timeouts_.data_xfer;
        case Stage::end_of_data: return timeouts_.data_done;
        case Stage::starttls: return timeouts_.starttls;
        case Stage::quit: return timeouts_.quit;
        default: return timeouts_.helo;
    }
}

Task<Reply> Client::read_reply(Milliseconds time) {
    ReplyReader reader;
    for (;;) {
        net::Line line = co_await stream_.read_line(reply_line, time);
        Result<bool> complete = reader.feed(line.text);
        if (!complete)
            throw net::Closed(net::Closed::Why::error, "improper SMTP reply: " + complete.error().text);
        if (*complete) co_return reader.take();
    }
}

Task<Reply> Client::command(std::string line, Stage stage, Milliseconds time) {
    stage_ = stage;
    stream_.write(line);
    stream_.write("\r\n");
    Reply reply = co_await read_reply(time);
    co_return reply;
}

Task<Reply> Client::greeting() {
    stage_ = Stage::greeting;
    Reply reply = co_await read_reply(timeouts_.helo);
    server_name_ = reply.text.substr(0, reply.text.find_first_of(" \n"));
    co_return reply;
}

Task<Reply> Client::hello(std::string name, std::vector<std::string> ignored) {
    const bool lmtp = protocol_ == Protocol::lmtp;
    Reply reply = co_await command((lmtp ? "LHLO " : "EHLO ") + name, Stage::hello, timeouts_.helo);
    offers_ = {};
    if (reply.positive()) {
        offers_ = read_offers(reply, ignored);
        server_name_ = reply.text.substr(0, reply.text.find_first_of(" \n"));
    }
    // RFC 5321 §3.2: a server that does not know EHLO is spoken to in the old way.
    if (reply.permanent() && !lmtp) reply = co_await command("HELO " + name, Stage::hello, timeouts_.helo);
    co_return reply;
}

Task<Reply> Client::start_tls(const net::TlsContext& context, std::string server_name) {
    Reply reply = co_await command("STARTTLS", Stage::starttls, timeouts_.starttls);
    if (!reply.positive()) co_return reply;
    co_await stream_.start_tls_client(context, std::move(server_name), timeouts_.starttls);
    offers_ = {};
    co_return reply;
}

Task<> Client::wrap_tls(const net::TlsContext& context, std::string server_name) {
    stage_ = Stage::starttls;
    co_await stream_.start_tls_client(context, std::move(server_name), timeouts_.starttls);
}

std::vector<Client::Command> Client::plan(const Transaction& transaction) const {
    std::vector<Command> commands;
    commands.reserve(transaction.recipients.size() + 3);
    if (used_) commands.push_back({Stage::rset, 0, "RSET\r\n"});
    std::string mail = fmt::format("MAIL FROM:<{}>", transaction.sender);
    if (offers_.size && transaction_size_ > 0) mail += fmt::format(" SIZE={}", transaction_size_);
    if (offers_.eight_bit_mime && transaction.eight_bit) mail += " BODY=8BITMIME";
    bool high = has_high_octet(transaction.sender);
    for (const std::string& recipient : transaction.recipients) high = high || has_high_octet(recipient);
    if (high) mail += " SMTPUTF8";
    commands.push_back({Stage::mail, 0, mail + "\r\n"});
    for (std::size_t i = 0; i < transaction.recipients.size(); ++i)
        commands.push_back({Stage::rcpt, i, fmt::format("RCPT TO:<{}>\r\n", transaction.recipients[i])});
    if (!transaction.probe) commands.push_back({Stage::data, 0, "DATA\r\n"});
    return commands;
}

bool Client::worth_saying(const Command& next, const Progress& progress) const {
    if (progress.closing) return false;
    if (next.stage == Stage::rcpt) return !progress.mail_refused;
    return next.stage != Stage::data || progress.accepted > 0;
}

// RFC 5321 §4.5.3.1.10: old servers say 552 for "too many recipients", which the next transaction cures.
static Reply as_at_rcpt(Reply reply) {
    if (reply.code != 552) return reply;
    reply.code = 452;
    if (reply.text.starts_with("5.")) reply.text.front() = '4';
    return reply;
}

void Client::settle(const Command& said, const Reply& reply, Transaction& transaction,
                    Progress& progress) const {
    auto all_open = [&] {
        for (auto& verdict : transaction.verdicts)
            if (!verdict) verdict = Verdict{said.stage, reply};
    };
    // RFC 5321 §3.8: the server closes the channel; it speaks for all that is still open.
    if (reply.code == 421) {
        progress.closing = true;
        progress.accepted = 0;
        return all_open();
    }
    const bool refused = !reply.positive();
    if (said.stage == Stage::mail && refused) {
        progress.mail_refused = true;
        all_open();
    } else if (said.stage == Stage::rcpt && !progress.mail_refused) {
        if (refused || transaction.probe)
            transaction.verdicts[said.recipient] = Verdict{said.stage, as_at_rcpt(reply)};
        if (!refused) ++progress.accepted;
    } else if (said.stage == Stage::data) {
        progress.data_accepted = reply.code == 354;
        if (!progress.data_accepted) all_open();
    }
}

Task<> Client::say_envelope(Transaction& transaction, Progress& progress) {
    const std::vector<Command> commands = plan(transaction);
    used_ = true;
    const std::size_t group = offers_.pipelining ? group_limit : 1;
    std::size_t said = 0;
    std::vector<const Command*> waiting;
    while (said < commands.size()) {
        waiting.clear();
        for (; said < commands.size() && waiting.size() < group; ++said) {
            // Within a group DATA follows the recipients before their replies are known; across groups it
            // need not.
            if (waiting.empty() && !worth_saying(commands[said], progress)) continue;
            stream_.write(commands[said].line);
            waiting.push_back(&commands[said]);
        }
        for (const Command* command : waiting) {
            stage_ = command->stage;
            Reply reply = co_await read_reply(time_for(stage_));
            if (command->stage == Stage::rset && !reply.positive())
                throw net::Closed(net::Closed::Why::error, "the server refused RSET");
            settle(*command, reply, transaction, progress);
            if (progress.closing) co_return;
        }
    }
}

Task<> Client::send(Transaction& transaction, const Content& content, std::size_t line_limit) {
    transaction.verdicts.assign(transaction.recipients.size(), std::nullopt);
    transaction.reusable = false;
    transaction_size_ = content.size;
    Progress progress;
    co_await say_envelope(transaction, progress);
    if (progress.closing) co_return;
    if (transaction.probe) {
        co_await take_back(transaction);
        co_return;
    }
    if (progress.data_accepted && progress.accepted == 0) {
        // RFC 2920 §3.1: the server takes content although it took no recipient; it gets none.
        Reply ignored = co_await command(".", Stage::end_of_data, timeouts_.data_done);
        transaction.reusable = ignored.code != 421;
        co_return;
    }
    if (progress.data_accepted) {
        co_await say_content(transaction, content, line_limit);
        if (!transaction.local_failure.empty()) co_return;
        co_await read_final(transaction);
        co_return;
    }
    transaction.reusable = true;
}

// The end of a probe. Its verdicts stand, whatever becomes of the session.
Task<> Client::take_back(Transaction& transaction) {
    try {
        Reply reply = co_await command("RSET", Stage::rset, timeouts_.rset);
        transaction.reusable = reply.positive();
    } catch (const net::Closed&) {
        transaction.reusable = false;
    }
}

Task<> Client::say_content(Transaction& transaction, const Content& content, std::size_t line_limit) {
    stage_ = Stage::content;
    // What needs no change goes out as it stands; the rest passes through the dot writer.
    const bool as_it_is = !content.leading_dot && (line_limit == 0 || content.longest_line <= line_limit);
    DotWriter writer(line_limit);
    std::string out;
    bool ended = true;
    for (std::uint64_t at = 0; at < content.size;) {
        const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(piece, content.size - at));
        std::string read;
        if (content.fd >= 0) {
            Result<std::string> part = read_piece(content.fd, at, size);
            if (!part) {
                transaction.local_failure = part.error().text;
                co_return;
            }
            read = std::move(*part);
        }
        std::string_view part =
            content.fd >= 0 ? std::string_view(read) : std::string_view(content.text).substr(at, size);
        if (part.empty()) break;
        at += part.size();
        if (as_it_is) {
            ended = part.ends_with('\n');
            stream_.write(part);
        } else {
            out.clear();
            writer.write(part, out);
            stream_.write(out);
        }
        if (at < content.size) co_await stream_.flush(timeouts_.data_xfer);
    }
    out.clear();
    if (as_it_is)
        out = ended ? ".\r\n" : "\r\n.\r\n";
    else
        writer.finish(out);
    stream_.write(out);
    co_await stream_.flush(timeouts_.data_xfer);
}

Task<> Client::read_final(Transaction& transaction) {
    stage_ = Stage::end_of_data;
    std::optional<Reply> reply;
    for (auto& verdict : transaction.verdicts) {
        if (verdict) continue;
        // LMTP answers for each recipient (RFC 2033 §4.2), SMTP once for all.
        if (!reply || protocol_ == Protocol::lmtp) reply = co_await read_reply(timeouts_.data_done);
        verdict = Verdict{stage_, *reply};
    }
    transaction.reusable = reply && reply->code != 421;
}

Task<> Client::quit(bool wait_for_reply) {
    stage_ = Stage::quit;
    try {
        stream_.write("QUIT\r\n");
        co_await stream_.flush(std::min(timeouts_.quit, Milliseconds(5000)));
        if (wait_for_reply) co_await read_reply(timeouts_.quit);
        stream_.shut_down();
    } catch (const net::Closed&) {
        // The session is over either way.
    }
}

bool Client::stale() const {
    if (!stream_.buffered().empty()) return true;
    char octet = 0;
    const ssize_t got = recv(stream_.fd(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) return errno != EAGAIN && errno != EINTR;
    // Under TLS a session ticket may have come in; in clear nothing may.
    return got == 0 || stream_.tls() == nullptr;
}

}  // namespace ekiden::smtp
