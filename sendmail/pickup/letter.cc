#include "sendmail/pickup/letter.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/clock.h"
#include "common/log/events.h"
#include "common/mail/header.h"
#include "common/maildrop/reader.h"
#include "common/text/ascii.h"
#include "sendmail/pickup/wire_text.h"

namespace ekiden::pickup {
namespace {

constexpr std::size_t piece = 65'536;
constexpr std::size_t header_limit = 512 * 1024;  // what is longer is mended as far as this

constexpr std::size_t most_delivered_to = 100;  // as smtpd notes

// Reads a file from its beginning, piece by piece.
class Pieces {
  public:
    explicit Pieces(int fd) : fd_(fd) {}
    // Empty at the end.
    Result<std::string_view> next() {
        ssize_t got = -1;
        do got = ::pread(fd_, buffer_.data(), buffer_.size(), at_);
        while (got < 0 && errno == EINTR);
        if (got < 0) return system_error("cannot be read", errno);
        at_ += got;
        return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
    }

  private:
    int fd_;
    off_t at_ = 0;
    std::array<char, piece> buffer_;
};

// Content for the queue: in memory up to a limit, then in the file that the queue opens.
class Content {
  public:
    Content(Queue& queue, std::string queue_id, std::size_t inline_limit)
        : queue_(queue), queue_id_(std::move(queue_id)), inline_limit_(inline_limit) {}
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;
    ~Content() {
        if (open_) queue_.abandon(queue_id_);
    }

    // What is to be added: put text here, then settle.
    std::string buffer;

    Task<Result<>> settle(bool last) {
        notes_.take(std::string_view(buffer).substr(noted_));
        noted_ = buffer.size();
        if (buffer.size() <= inline_limit_ && !(last && file_)) co_return Result<>{};
        if (!file_) {
            Result<ipc::ContentFile> opened = co_await queue_.open_content(queue_id_);
            if (!opened) co_return pass(opened);
            file_ = std::move(opened->file);
            open_ = true;
        }
        co_return write_out();
    }
    void fill(ipc::Commit& commit) {
        commit.notes = std::move(notes_.notes());
        commit.in_file = static_cast<bool>(file_);
        if (!commit.in_file) commit.content = std::move(buffer);
        file_.reset();
    }
    void note_header(mail::HeaderSummary header) {
        notes_.notes().message_id = text::printable(header.message_id);
        header.delivered_to.resize(std::min(header.delivered_to.size(), most_delivered_to));
        notes_.notes().delivered_to = std::move(header.delivered_to);
    }
    void committed() { open_ = false; }

  private:
    Result<> write_out() {
        for (std::string_view rest = buffer; !rest.empty();) {
            ssize_t written = ::write(file_.get(), rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return system_error("cannot be copied", written < 0 ? errno : ENOSPC);
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        buffer.clear();
        noted_ = 0;
        return {};
    }

    Queue& queue_;
    std::string queue_id_;
    std::size_t inline_limit_;
    OwnedFd file_;
    bool open_ = false;
    NoteTaker notes_;
    std::size_t noted_ = 0;  // octets of the buffer that were noted
};

// Where the header section ends in text in wire form: behind its last field or its empty line; nothing where
// more has to be read to know.
std::optional<std::size_t> header_end(std::string_view text, bool all) {
    mail::FieldReader reader(text);
    while (reader.next()) {
    }
    std::string_view rest = text.substr(reader.fields_end());
    // The last field may go on in the next line, and an unfinished line may become anything.
    bool known = rest.find("\r\n") != std::string_view::npos;
    if (known || all || text.size() > header_limit) return reader.body_start();
    return std::nullopt;
}

ipc::Trace trace_of(maildrop::Trace trace) {
    switch (trace) {
        case maildrop::Trace::none: return ipc::Trace::none;
        case maildrop::Trace::verify: return ipc::Trace::verify;
        case maildrop::Trace::report: return ipc::Trace::report;
    }
    return ipc::Trace::none;
}

// RFC 5321 addresses with the recipient inside (Postfix's VERP_README): bounces then name him.
std::string verp_sender(const std::string& sender, const std::string& recipient,
                        const std::string& delimiters) {
    std::size_t at = sender.rfind('@'), inner = recipient.rfind('@');
    std::string domain = at == std::string::npos ? "" : sender.substr(at);
    std::string encoded = sender.substr(0, at) + delimiters[0] + recipient.substr(0, inner);
    if (inner != std::string::npos) encoded += delimiters[1] + recipient.substr(inner + 1);
    return encoded + domain;
}

}  // namespace

Task<Result<>> Letter::send() {
    Result<> whole = co_await examine();
    if (!whole) co_return whole;
    std::size_t parts = envelope_.verp.empty() ? 1 : envelope_.recipients.size();
    for (std::size_t part = 0; part < parts; ++part) {
        Result<> sent = co_await send_part(static_cast<std::uint32_t>(part));
        if (!sent) co_return sent;
    }
    co_return Result<>{};
}

Task<Result<>> Letter::examine() {
    maildrop::Reader reader;
    Pieces pieces(file_.fd.get());
    std::string content;
    while (true) {
        Result<std::string_view> next = pieces.next();
        if (!next) co_return pass(next);
        if (next->empty()) break;
        Result<> taken = reader.take(*next, content);
        if (!taken) co_return taken;
        content.clear();
        co_await loop_.next_round();  // there are others
    }
    if (!reader.done()) co_return malformed("it ends before its end");
    envelope_ = reader.envelope();
    // One report, whoever would get the message from which sender.
    if (envelope_.trace == maildrop::Trace::verify) envelope_.verp.clear();
    co_return Result<>{};
}

ipc::Commit Letter::envelope_of(std::uint32_t part, const std::string& queue_id) const {
    ipc::Commit commit{};
    commit.queue_id = queue_id;
    commit.sender = complete_address(envelope_.sender, options_.host);
    commit.envelope_id = envelope_.envelope_id;
    commit.return_content = envelope_.return_content;
    for (std::size_t i = 0; i < envelope_.recipients.size(); ++i) {
        const maildrop::Recipient& each = envelope_.recipients[i];
        if (!envelope_.verp.empty() && i != part) continue;
        // Postfix's empty_address_recipient.
        std::string address = each.address.empty() ? "MAILER-DAEMON" : each.address;
        commit.recipients.push_back({complete_address(address, options_.host), "", each.notify});
    }
    if (!envelope_.verp.empty())
        commit.sender = verp_sender(commit.sender, commit.recipients.front().address, envelope_.verp);
    commit.arrival = file_.written_us;
    commit.client_name = "localhost";
    commit.client_address = "127.0.0.1";
    commit.drop = name_;
    commit.drop_part = part;
    commit.trace = trace_of(envelope_.trace);
    return commit;
}

Task<Result<>> Letter::send_part(std::uint32_t part) {
    Result<std::string> queue_id = co_await queue_.take_id();
    if (!queue_id) co_return pass(queue_id);
    log::emit(events::pickup_taken, *queue_id, file_.uid, envelope_.sender, name_);
    Content content(queue_, *queue_id, options_.inline_limit);
    Stamp stamp{file_.uid, *queue_id, system_clock().wall_seconds()};
    maildrop::Reader reader;
    Pieces pieces(file_.fd.get());
    WireText wire;
    std::string text, header;
    bool in_body = false, more = true;
    while (more) {
        Result<std::string_view> next = pieces.next();
        if (!next) co_return pass(next);
        more = !next->empty();
        text.clear();
        Result<> taken = reader.take(*next, text);
        if (!taken) co_return taken;  // it changed since it was examined
        std::string& out = in_body ? content.buffer : header;
        wire.put(text, out);
        if (!more) wire.finish(out);
        std::optional<std::size_t> end = in_body ? std::nullopt : header_end(header, !more);
        if (end) {
            in_body = true;
            bool whole = header.size() <= header_limit || *end < header.size();
            content.buffer =
                mend_header(std::string_view(header).substr(0, *end), whole, envelope_, options_.host, stamp);
            content.note_header(mail::scan_header(content.buffer));
            content.buffer += std::string_view(header).substr(*end);
        }
        Result<> settled = co_await content.settle(!more);
        if (!settled) co_return settled;
    }
    if (!reader.done()) co_return malformed("it ends before its end");
    ipc::Commit commit = envelope_of(part, *queue_id);
    content.fill(commit);
    Result<ipc::Committed> committed = co_await queue_.commit(std::move(commit));
    if (!committed) co_return pass(committed);
    content.committed();
    if (committed->known) log::emit(events::pickup_known, *queue_id, name_);
    co_return Result<>{};
}

}  // namespace ekiden::pickup
