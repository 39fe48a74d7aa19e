#include "common/mailbox/mbox_parser.h"

#include <algorithm>
#include <array>

#include "common/text/ascii.h"

// How: line by line. Whether an empty line belongs to the message or ends its entry, the line behind it
// tells, so one is held back. Limits: of a line only the first octets enter the digest, and of the body the
// beginning; messages that differ elsewhere only are told apart by their order.
namespace ekiden::mailbox {
namespace {

constexpr std::size_t line_head = 1024;
constexpr std::uint64_t hashed_body = 1024;
constexpr std::size_t longest_unique_id = 70;

// Header fields in which mail readers and servers keep what they know of a message.
constexpr std::array<std::string_view, 9> notes{
    "status", "x-status", "x-uid", "x-uidl", "x-keywords", "x-imapbase", "x-imap", "content-length", "lines"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

void MboxParser::feed(std::string_view chunk) {
    while (!chunk.empty()) {
        std::size_t newline = chunk.find('\n');
        std::string_view piece = chunk.substr(0, newline);
        if (head_.size() < line_head) head_.append(piece.substr(0, line_head - head_.size()));
        if (!piece.empty()) last_ = piece.back();
        line_size_ += piece.size();
        offset_ += piece.size();
        if (newline == std::string_view::npos) return;
        chunk.remove_prefix(newline + 1);
        ++offset_;
        end_line(true);
    }
}

void MboxParser::finish() {
    if (line_size_ > 0) end_line(false);
    end_message();
    in_message_ = false;
}

void MboxParser::end_line(bool whole) {
    bool has_cr = line_size_ > 0 && last_ == '\r';
    std::uint64_t length = line_size_ - (has_cr ? 1 : 0);
    std::uint64_t octets = line_size_ + (whole ? 1 : 0);
    bool empty = length == 0;
    if (after_empty_ && head_.starts_with("From ")) {
        end_message();
        begin_message();
    } else if (in_message_ && empty) {
        take_empty_line(octets);
    } else if (in_message_) {
        count_held_line();
        message_.size += octets;
        message_.wire_size += length + 2;
        std::string_view line = std::string_view(head_).substr(0, std::min<std::uint64_t>(length, line_head));
        if (in_header_) {
            take_header_line(line);
        } else {
            body_size_ += length;
            if (body_hashed_ < hashed_body) message_.digest.add(line), message_.digest.add("\n");
            body_hashed_ += line.size() + 1;
        }
    }
    after_empty_ = empty;
    head_.clear();
    line_size_ = 0;
    line_start_ = offset_;
}

void MboxParser::begin_message() {
    in_message_ = in_header_ = true;
    in_notes_ = false;
    body_size_ = body_hashed_ = 0;
    message_ = {};
    message_.start = line_start_;
    message_.content = offset_;
}

void MboxParser::end_message() {
    held_ = 0;
    if (!in_message_) return;
    message_.end = line_start_;
    message_.digest.add(std::to_string(body_size_));
    found_(std::move(message_));
}

void MboxParser::take_empty_line(std::uint64_t octets) {
    count_held_line();
    held_ = octets;
}

void MboxParser::count_held_line() {
    if (held_ == 0) return;
    message_.size += held_;
    message_.wire_size += 2;
    held_ = 0;
    if (in_header_)
        in_header_ = false;
    else if (body_hashed_ < hashed_body)
        message_.digest.add("\n"), ++body_hashed_;
}

void MboxParser::take_header_line(std::string_view line) {
    if (!is_blank(line.front())) {
        std::size_t colon = std::min(line.find(':'), line.size());
        std::string name = text::to_lower(line.substr(0, colon));
        in_notes_ = std::ranges::find(notes, name) != notes.end();
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
        while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
        bool clean = std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
        if (name == "x-uidl" && clean && value.size() <= longest_unique_id) message_.x_uidl = value;
    }
    if (in_notes_) return;
    message_.digest.add(line);
    message_.digest.add("\n");
}

}  // namespace ekiden::mailbox
