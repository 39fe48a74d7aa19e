// A machine over octets, for pieces may be cut anywhere; content is copied by the piece.
#include "common/maildrop/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/maildrop/records.h"
#include "common/text/ascii.h"

namespace ekiden::maildrop {
namespace {

constexpr std::size_t most_digits = 5;

std::size_t limit_of(char letter) {
    switch (letter) {
        case records::full_name: return limits::full_name;
        case records::envelope_id: return limits::envelope_id;
        case records::sender: return limits::address;
        case records::recipient: return limits::address + 4;
        case records::content: return limits::record;
        case records::end: return 40;
        default: return 8;
    }
}

}  // namespace

Result<> Reader::take(std::string_view octets, std::string& content) {
    std::size_t at = 0;
    while (at < octets.size()) {
        Result<> done;
        switch (state_) {
            case State::first_line: {
                const char wanted = records::first_line[buffer_.size()];
                if (octets[at] != wanted) return malformed("not a maildrop file of a known version");
                buffer_ += octets[at++];
                if (buffer_.size() == records::first_line.size()) state_ = State::letter;
                break;
            }
            case State::letter: done = begin_record(octets[at++]); break;
            case State::length: done = take_length(octets[at++]); break;
            case State::data: {
                std::string_view piece = octets.substr(at, left_);
                (letter_ == records::content ? content : buffer_) += piece;
                at += piece.size();
                left_ -= piece.size();
                if (letter_ == records::content) content_octets_ += piece.size();
                if (left_ == 0) state_ = State::line_end;
                break;
            }
            case State::line_end:
                if (octets[at++] != '\n') return malformed("a record without its line end");
                done = end_record();
                break;
            case State::done:
                state_ = State::letter;  // it is not done, for it went on
                return malformed("more behind the end");
        }
        if (!done) return done;
    }
    return {};
}

Result<> Reader::begin_record(char letter) {
    std::size_t place = records::order.find(letter);
    if (place == std::string_view::npos)
        return malformed("unknown record " + text::printable(std::string_view(&letter, 1)));
    if (letter != records::sender && !seen_sender_) return malformed("no sender");
    bool repeats = letter == records::recipient || letter == records::content;
    bool first = !seen_sender_ && place == 0;
    if (!first && (place < last_ || (place == last_ && !repeats)))
        return malformed(fmt::format("record {} out of order", letter));
    letter_ = letter;
    last_ = place;
    digits_ = 0;
    left_ = 0;
    state_ = State::length;
    return {};
}

Result<> Reader::take_length(char c) {
    if (c == ':' && digits_ > 0) return begin_data();
    if (!text::is_digit(c) || ++digits_ > most_digits)
        return malformed(fmt::format("bad length of record {}", letter_));
    left_ = left_ * 10 + static_cast<std::size_t>(c - '0');
    return {};
}

Result<> Reader::begin_data() {
    if (left_ > limit_of(letter_)) return malformed(fmt::format("record {} is too long", letter_));
    buffer_.clear();
    state_ = left_ == 0 ? State::line_end : State::data;
    return {};
}

Result<> Reader::end_record() {
    state_ = State::letter;
    if (letter_ == records::content) return {};
    if (letter_ == records::end) return take_end();
    if (!is_clean(buffer_, limit_of(letter_)))
        return malformed(fmt::format("control characters in record {}", letter_));
    if (letter_ == records::recipient) return take_recipient();
    return take_field();
}

std::string& Reader::text_of(char letter) {
    switch (letter) {
        case records::full_name: return envelope_.full_name;
        case records::envelope_id: return envelope_.envelope_id;
        default: return envelope_.sender;
    }
}

Result<> Reader::take_field() {
    auto one_of = [this](std::initializer_list<std::string_view> words) {
        return std::ranges::find(words, std::string_view(buffer_)) != words.end();
    };
    bool good = true;
    switch (letter_) {
        case records::return_content:
            good = one_of({"full", "hdrs"});
            envelope_.return_content = buffer_ == "full" ? 2 : 1;
            break;
        case records::body:
            good = one_of({"7BIT", "8BITMIME"});
            envelope_.body = buffer_;
            break;
        case records::verp:
            good = buffer_.size() == 2;
            envelope_.verp = buffer_;
            break;
        case records::trace:
            good = one_of({"verify", "report"});
            envelope_.trace = buffer_ == "verify" ? Trace::verify : Trace::report;
            break;
        case records::gateway:
            good = one_of({"yes"});
            envelope_.gateway = true;
            break;
        default:
            seen_sender_ = true;
            text_of(letter_) = buffer_;
            break;
    }
    if (!good) return malformed(fmt::format("bad value of record {}", letter_));
    return {};
}

Result<> Reader::take_recipient() {
    if (envelope_.recipients.size() == limits::recipients) return malformed("too many recipients");
    recipient_octets_ += buffer_.size();
    if (recipient_octets_ > limits::all_recipients) return malformed("too many recipients");
    std::size_t blank = buffer_.find(' ');
    std::optional<std::uint64_t> notify = text::parse_number(std::string_view(buffer_).substr(0, blank));
    if (blank == std::string::npos || !notify || *notify > 15) return malformed("bad recipient");
    envelope_.recipients.push_back({buffer_.substr(blank + 1), static_cast<std::uint8_t>(*notify)});
    if (envelope_.recipients.back().address.size() > limits::address)
        return malformed("record r is too long");
    return {};
}

Result<> Reader::take_end() {
    if (envelope_.recipients.empty()) return malformed("no recipients");
    if (buffer_ != fmt::format("{} {}", envelope_.recipients.size(), content_octets_))
        return malformed("the end does not count what was there");
    state_ = State::done;
    return {};
}

}  // namespace ekiden::maildrop
