#include "common/smtp/content.h"

#include <unistd.h>

#include <cerrno>

#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

// The whole header section is looked at in memory.
constexpr std::size_t header_limit = 512 * 1024;
// Of the Delivered-To: fields; a message that has been through more aliases than that is in a loop anyway.
constexpr std::size_t most_delivered_to = 100;
constexpr std::size_t longest_delivered_to = 1000;

std::uint64_t lines_in(std::string_view text) {
    std::uint64_t count = 0;
    for (char c : text) count += c == '\n';
    return count;
}

std::uint32_t longest_line_in(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        std::size_t end = text.find("\r\n");
        longest = std::max(longest, std::min(end, text.size()));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return static_cast<std::uint32_t>(longest);
}

}  // namespace

IncomingContent::IncomingContent(Server& server, const Facts& facts, std::string queue_id, std::string top)
    : server_(server),
      session_(facts),
      queue_id_(std::move(queue_id)),
      buffer_(std::move(top)),
      top_size_(buffer_.size()) {}

IncomingContent::~IncomingContent() {
    if (open_) server_.backend.tell(ipc::AbandonContent{queue_id_});
}

std::size_t IncomingContent::take(std::string_view received) {
    std::size_t used = reader_.consume(received, buffer_);
    if (refusal_) {
        buffer_.clear();
        return used;
    }
    std::uint64_t limit = server_.options.size_limit;
    if (limit != 0 && top_size_ + reader_.facts().size > limit)
        refuse({552, "5.3.4 Error: message file too big"});
    if (refusal_ || header_open_) return used;
    if (reader_.header_complete() || reader_.done()) {
        open_header();
    } else if (reader_.facts().size > header_limit) {
        refuse({552, "5.3.4 Error: message header too big"});
    }
    return used;
}

// The header is whole: count hops, note the Message-ID, let the policy mend.
void IncomingContent::open_header() {
    header_open_ = true;
    std::size_t header_size = reader_.facts().header_end;
    std::string_view header = std::string_view(buffer_).substr(top_size_, header_size);
    mail::HeaderSummary summary = mail::scan_header(header);
    if (summary.received > server_.options.hop_limit) return refuse({554, "5.4.0 Error: too many hops"});
    for (std::string& address : summary.delivered_to) {
        if (notes_.delivered_to.size() == most_delivered_to) break;
        if (address.size() <= longest_delivered_to) notes_.delivered_to.push_back(std::move(address));
    }
    HeaderFixes fixes = server_.policy.fix_header(session_, summary, queue_id_);
    notes_.message_id = text::printable(summary.message_id);  // it goes to log lines and listings
    if (notes_.message_id.empty() && !fixes.prepend.empty())
        notes_.message_id = mail::first_value(fixes.prepend, "Message-ID").value_or("");
    // A message that begins with its body needs the empty line that its sender forgot.
    bool headless = summary.fields_end == 0 && !header.starts_with("\r\n");
    if (headless) fixes.prepend += "\r\n";
    if (!fixes.remove.empty()) {
        std::string mended = mail::remove_fields(header, fixes.remove);
        if (mended.size() != header.size()) {
            header_growth_ =
                static_cast<std::int64_t>(mended.size()) - static_cast<std::int64_t>(header.size());
            notes_.line_ends -= lines_in(header) - lines_in(mended);  // wraps, and fill() wraps back
            buffer_.replace(top_size_, header.size(), mended);
        }
    }
    buffer_.insert(top_size_, fixes.prepend);
    top_size_ += fixes.prepend.size();
    std::string_view top = std::string_view(buffer_).substr(0, top_size_);
    notes_.size = top_size_;
    notes_.line_ends += lines_in(top);
    notes_.longest_line = longest_line_in(top);
    notes_.header_size =
        headless ? top_size_ : top_size_ + header_size + static_cast<std::uint64_t>(header_growth_);
}

void IncomingContent::refuse(Reply reply) {
    refusal_ = std::move(reply);
    buffer_.clear();
    file_.reset();
    if (std::exchange(open_, false)) server_.backend.tell(ipc::AbandonContent{queue_id_});
}

Task<> IncomingContent::settle() {
    if (refusal_ || !header_open_) co_return;
    // Content that fits goes inline; the file takes it in pieces of the same size.
    if (buffer_.size() <= server_.options.inline_limit) {
        if (!file_ || !reader_.done()) co_return;
    }
    if (!file_) {
        ipc::OpenContent question{queue_id_};
        Result<ipc::ContentFile> opened = co_await server_.backend.ask(std::move(question));
        if (!opened) {
            server_.forget_queue_ids();
            refuse(storage_reply(opened.error()));
            co_return;
        }
        file_ = std::move(opened->file);
        open_ = true;
    }
    write_out();
}

void IncomingContent::write_out() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
        ssize_t written = ::write(file_.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            bool full = written == 0 || errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
            return refuse(full ? Reply(452, "4.3.1 Insufficient system storage")
                               : Reply(451, "4.3.0 Error: queue file write error"));
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
}

void IncomingContent::fill(ipc::Commit& commit) {
    const ContentFacts& facts = reader_.facts();
    notes_.size += facts.size + static_cast<std::uint64_t>(header_growth_);
    notes_.line_ends += facts.line_ends;
    notes_.longest_line = std::max(notes_.longest_line, facts.longest_line);
    notes_.eight_bit = facts.eight_bit;
    notes_.leading_dot = facts.dot_line;
    commit.notes = std::move(notes_);
    commit.in_file = static_cast<bool>(file_);
    if (!commit.in_file) commit.content = std::move(buffer_);
}

Reply storage_reply(const Error& error) {
    bool full =
        error.text.find("storage") != std::string::npos || error.text.find("No space") != std::string::npos;
    return full ? Reply(452, "4.3.1 Insufficient system storage")
                : Reply(451, "4.3.0 Error: queue file write error");
}

}  // namespace ekiden::smtp
