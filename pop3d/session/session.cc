#include "pop3d/session/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/pop3/capabilities.h"
#include "common/pop3/multiline.h"

// How: the order of the code is the order of RFC 1939. Replies gather in the stream and go out when it waits
// for the next command; long ones are flushed whenever a chunk's worth is unsent, so a slow reader holds up
// only itself. Limits: a message that another program truncates while it is being sent is ended early; the
// client sees fewer octets than LIST promised.
namespace ekiden::pop3d {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t chunk_size = 64 * 1024;
constexpr Milliseconds lock_pause = 50ms;

}  // namespace

struct Session::Chunk {
    std::string octets;
    bool last = false;
};

// A message on its way to the client; shared with the thread that reads it.
struct Session::Reading {
    std::shared_ptr<mailbox::Mailbox> mailbox;
    std::size_t index;
    std::unique_ptr<mailbox::OpenMessage> message{};
    std::uint64_t offset = 0;
};

Session::Session(event::Loop& loop, event::Offload& pool, net::Stream& client, int mail_root,
                 SessionSettings settings)
    : loop_(loop), pool_(pool), client_(client), mail_root_(mail_root), settings_(settings) {}

Task<SessionReport> Session::run(std::string mailbox) {
    try {
        co_await serve(std::move(mailbox));
    } catch (const net::Closed& closed) {
        // RFC 1939 §3: a time-out closes without the update state and without a reply.
        report_.reason = closed.why == net::Closed::Why::timeout ? "timeout" : "connection lost";
    }
    lock_.reset();
    if (maildrop_) report_.left = maildrop_->last() - report_.deleted;
    co_return std::move(report_);
}

Task<> Session::serve(std::string mailbox) {
    bool opened = co_await open(std::move(mailbox));
    Next next = opened ? Next::go_on : Next::close;
    while (next == Next::go_on) {
        net::Line line = co_await client_.read_line(pop3::limits::command_line, settings_.idle_timeout);
        Result<pop3::Command> command = line.overlong ? malformed("Line too long") : pop3::parse(line.text);
        if (command) {
            next = co_await obey(std::move(*command));
        } else {
            say("-ERR " + command.error().text);
            if (++bad_commands_ >= settings_.bad_command_limit) break;
        }
    }
    if (report_.reason.empty()) {
        report_.reason = "too many bad commands";
        say("-ERR Too many bad commands");
    }
    co_await client_.flush(settings_.idle_timeout);
    client_.shut_down();
}

Task<Result<mailbox::OpenedMailbox>> Session::open_or_wait(std::string mailbox) {
    Milliseconds waited{0};
    for (;;) {
        auto job = [root = mail_root_, mailbox, opening = settings_.opening] {
            return mailbox::open_mailbox(root, mailbox, opening);
        };
        Result<mailbox::OpenedMailbox> opened = co_await pool_.run(std::move(job));
        bool in_use = !opened && opened.error().kind == ErrorKind::denied;
        if (!in_use || waited >= settings_.lock_timeout) co_return opened;
        co_await loop_.sleep(lock_pause);
        waited += lock_pause;
    }
}

Task<bool> Session::open(std::string mailbox) {
    Result<mailbox::OpenedMailbox> opened = co_await open_or_wait(std::move(mailbox));
    if (opened) {
        lock_.emplace(std::move(opened->lock));
        maildrop_.emplace(std::move(opened->mailbox));
        say(fmt::format("+OK {} messages ({} octets)", maildrop_->live_count(), maildrop_->live_octets()));
        co_return true;
    }
    if (opened.error().kind == ErrorKind::denied) {
        report_.reason = "mailbox in use";
        say("-ERR [IN-USE] Another session has this mailbox open");
    } else {
        report_.reason = opened.error().text;
        say(opened.error().temporary() ? "-ERR [SYS/TEMP] The mailbox cannot be opened now"
                                       : "-ERR [SYS/PERM] The mailbox cannot be opened");
    }
    co_return false;
}

Task<Session::Next> Session::obey(pop3::Command command) {
    if (std::holds_alternative<pop3::Stat>(command)) {
        stat();
    } else if (const auto* list_command = std::get_if<pop3::List>(&command)) {
        co_await list(*list_command);
    } else if (const auto* uidl_command = std::get_if<pop3::Uidl>(&command)) {
        co_await uidl(*uidl_command);
    } else if (const auto* retr = std::get_if<pop3::Retr>(&command)) {
        co_await send_message(retr->message, std::nullopt);
    } else if (const auto* top = std::get_if<pop3::Top>(&command)) {
        co_await send_message(top->message, top->lines);
    } else if (const auto* dele_command = std::get_if<pop3::Dele>(&command)) {
        dele(*dele_command);
    } else if (std::holds_alternative<pop3::Noop>(command)) {
        say("+OK");
    } else if (std::holds_alternative<pop3::Rset>(command)) {
        maildrop_->unmark_all();
        say(fmt::format("+OK {} messages ({} octets)", maildrop_->live_count(), maildrop_->live_octets()));
    } else if (std::holds_alternative<pop3::Capa>(command)) {
        capa();
    } else if (std::holds_alternative<pop3::Quit>(command)) {
        co_await quit();
        co_return Next::close;
    } else {
        say("-ERR Not after login");
    }
    co_return Next::go_on;
}

bool Session::must_be_live(std::uint32_t number) {
    if (maildrop_->live(number)) return true;
    say(number <= maildrop_->last() ? fmt::format("-ERR Message {} is deleted", number)
                                    : "-ERR No such message");
    return false;
}

void Session::stat() { say(fmt::format("+OK {} {}", maildrop_->live_count(), maildrop_->live_octets())); }

Task<> Session::make_room() {
    if (client_.unsent() >= chunk_size) co_await client_.flush(settings_.idle_timeout);
}

Task<> Session::list(pop3::List command) {
    if (command.message) {
        if (must_be_live(*command.message))
            say(fmt::format("+OK {} {}", *command.message, maildrop_->octets(*command.message)));
        co_return;
    }
    say(fmt::format("+OK {} messages ({} octets)", maildrop_->live_count(), maildrop_->live_octets()));
    for (std::uint32_t number = 1; number <= maildrop_->last(); ++number) {
        if (!maildrop_->live(number)) continue;
        say(fmt::format("{} {}", number, maildrop_->octets(number)));
        co_await make_room();
    }
    say(".");
}

Task<> Session::uidl(pop3::Uidl command) {
    if (command.message) {
        if (must_be_live(*command.message))
            say(fmt::format("+OK {} {}", *command.message, maildrop_->unique_id(*command.message)));
        co_return;
    }
    say("+OK");
    for (std::uint32_t number = 1; number <= maildrop_->last(); ++number) {
        if (!maildrop_->live(number)) continue;
        say(fmt::format("{} {}", number, maildrop_->unique_id(number)));
        co_await make_room();
    }
    say(".");
}

// The first chunk comes with the opening of the file, so that a small message takes one turn of a thread.
Task<Result<Session::Chunk>> Session::read_chunk(std::shared_ptr<Reading> reading) {
    auto job = [reading]() -> Result<Chunk> {
        if (!reading->message) {
            Result<std::unique_ptr<mailbox::OpenMessage>> opened =
                reading->mailbox->open_message(reading->index);
            if (!opened) return pass(opened);
            reading->message = std::move(*opened);
        }
        // A file is never longer than its message on the wire; one octet more shows its end.
        std::uint64_t whole = reading->mailbox->wire_size(reading->index);
        std::uint64_t rest = whole >= reading->offset ? whole - reading->offset + 1 : chunk_size;
        Chunk chunk{std::string(std::min<std::uint64_t>(rest, chunk_size), '\0'), false};
        std::size_t room = chunk.octets.size();
        Result<std::size_t> octets = reading->message->read(reading->offset, chunk.octets);
        if (!octets) return pass(octets);
        chunk.octets.resize(*octets);
        chunk.last = chunk.octets.size() < room;
        reading->offset += chunk.octets.size();
        return chunk;
    };
    Result<Chunk> chunk = co_await pool_.run(std::move(job));
    co_return chunk;
}

Task<> Session::send_message(std::uint32_t number, std::optional<std::uint32_t> body_lines) {
    if (!must_be_live(number)) co_return;
    auto reading = std::make_shared<Reading>(maildrop_->mailbox(), number - 1);
    pop3::MultilineEncoder encoder(body_lines);
    bool begun = false;
    for (bool more = true; more;) {
        Result<Chunk> chunk = co_await read_chunk(reading);
        // Nothing may follow half a message but the end of the connection: the client must not take it for
        // whole.
        if (!chunk && begun) throw net::Closed(net::Closed::Why::error, chunk.error().text);
        if (!chunk) {
            say(chunk.error().kind == ErrorKind::not_found
                    ? "-ERR The message was removed by another program"
                    : "-ERR [SYS/TEMP] The message cannot be read now");
            co_return;
        }
        if (!begun) say(body_lines ? "+OK" : fmt::format("+OK {} octets", maildrop_->octets(number)));
        begun = true;
        std::string encoded;
        encoded.reserve(chunk->octets.size() + chunk->octets.size() / 16);
        more = encoder.feed(chunk->octets, encoded) && !chunk->last;
        client_.write(encoded);
        co_await make_room();
    }
    std::string end;
    encoder.finish(end);
    client_.write(end);
    if (body_lines) co_return;
    ++report_.retrieved;
    report_.retrieved_octets += maildrop_->octets(number);
}

void Session::dele(pop3::Dele command) {
    if (!must_be_live(command.message)) return;
    maildrop_->mark(command.message);
    say(fmt::format("+OK Message {} deleted", command.message));
}

void Session::capa() {
    say("+OK");
    say("USER");
    for (std::string_view capability : pop3::capabilities) say(capability);
    say(".");
}

Task<Result<>> Session::remove_marked() {
    Milliseconds waited{0};
    std::vector<std::size_t> marked = maildrop_->marked();
    for (;;) {
        auto job = [mailbox = maildrop_->mailbox(), marked] { return mailbox->remove(marked); };
        Result<> removed = co_await pool_.run(std::move(job));
        bool locked = !removed && removed.error().kind == ErrorKind::denied;
        if (!locked || waited >= settings_.update_timeout) co_return removed;
        co_await loop_.sleep(lock_pause);
        waited += lock_pause;
    }
}

// The update state. The lock goes before the reply: a client that has read it may log in again at once.
Task<> Session::quit() {
    report_.reason = "quit";
    std::size_t count = maildrop_->marked().size();
    Result<> removed;
    if (count > 0) removed = co_await remove_marked();
    lock_.reset();
    if (removed) {
        report_.deleted = count;
        say("+OK Bye");
    } else {
        report_.reason = removed.error().text;
        say("-ERR [SYS/TEMP] Some deleted messages were not removed");
    }
}

}  // namespace ekiden::pop3d
