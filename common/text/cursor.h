#pragma once
// A reading position in text, for recursive-descent parsers: one function per grammar rule takes a Cursor&. A
// rule that does not match leaves the cursor where it was (use `mark` and `rewind`) or reports an error and
// ends the parse.
#include <cstddef>
#include <string_view>

#include "common/text/ascii.h"

namespace ekiden::text {

class Cursor {
  public:
    explicit Cursor(std::string_view input) : input_(input) {}

    bool done() const { return position_ == input_.size(); }
    // The octet here, or NUL at the end; input may hold NUL too, so ask done() where that matters.
    char peek() const { return done() ? '\0' : input_[position_]; }
    char take() { return done() ? '\0' : input_[position_++]; }
    bool take_if(char c) {
        if (done() || input_[position_] != c) return false;
        ++position_;
        return true;
    }
    bool take_word_ignoring_case(std::string_view word) {
        if (!starts_with_ignoring_case(rest(), word)) return false;
        position_ += word.size();
        return true;
    }
    template <class Predicate>
    std::string_view take_while(Predicate&& wanted) {
        std::size_t start = position_;
        while (!done() && wanted(input_[position_])) ++position_;
        return input_.substr(start, position_ - start);
    }
    std::string_view skip_blanks() {
        return take_while([](char c) { return is_blank(c); });
    }
    std::string_view rest() const { return input_.substr(position_); }
    std::size_t mark() const { return position_; }
    void rewind(std::size_t mark) { position_ = mark; }
    // What was read since `mark`.
    std::string_view since(std::size_t mark) const { return input_.substr(mark, position_ - mark); }

  private:
    std::string_view input_;
    std::size_t position_ = 0;
};

}  // namespace ekiden::text
