#pragma once
// Reads a maildrop file piece by piece. Whoever wrote it is not trusted: every length, letter, count and text
// is checked, memory is bounded by the envelope's limits, and nothing counts before the end record came.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/maildrop/drop.h"

namespace ekiden::maildrop {

class Reader {
  public:
    // Takes all of `octets`, wherever they were cut, and appends the content in them to `content`. Malformed:
    // says what is wrong, and the file is of no use; do not go on.
    Result<> take(std::string_view octets, std::string& content);
    // The end record was read. A file that ends before is not whole.
    bool done() const { return state_ == State::done; }
    // The envelope will not change any more: content began, or done().
    bool envelope_complete() const { return last_ >= content_place || done(); }
    const Envelope& envelope() const { return envelope_; }
    std::uint64_t content_octets() const { return content_octets_; }

  private:
    enum class State { first_line, letter, length, data, line_end, done };
    static constexpr std::size_t content_place = 9;  // of 'c' in records::order

    Result<> begin_record(char letter);
    Result<> take_length(char c);
    Result<> begin_data();
    Result<> end_record();
    Result<> take_field();
    Result<> take_recipient();
    Result<> take_end();
    std::string& text_of(char letter);

    State state_ = State::first_line;
    std::string buffer_;  // the first line, or a record that is not content
    char letter_ = 0;
    std::size_t last_ = 0;    // place in records::order of the last letter
    std::size_t digits_ = 0;  // of the length
    std::size_t left_ = 0;    // octets of the record to come
    bool seen_sender_ = false;
    std::size_t recipient_octets_ = 0;
    std::uint64_t content_octets_ = 0;
    Envelope envelope_;
};

}  // namespace ekiden::maildrop
