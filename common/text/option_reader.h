#pragma once
// The options of a command line as getopt(3) reads them: letters may stand together ("-abc"), an argument
// stands behind its letter or is the next word, and "--" or the first word that is no option ends them. It
// prints nothing and keeps nothing beyond its own life.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::text {

struct Option {
    char letter;
    std::string argument;  // empty where the letter takes none
};

class OptionReader {
  public:
    // `letters` are the options there are, with a colon behind each that takes an argument. Words and letters
    // outlive the reader.
    OptionReader(const std::vector<std::string>& words, std::string_view letters)
        : words_(words), letters_(letters) {}

    // The next option; nothing at their end. Malformed, in getopt's words: a letter that there is none of, or
    // one without its argument. What stands behind it can still be read.
    std::optional<Result<Option>> next();

    // The word that the next option would begin with, for forms that getopt has none of; null within a word
    // of several letters and at the end. `ahead`: so many words further.
    const std::string* word(std::size_t ahead = 0) const;
    void skip_word() { ++at_; }

    // What was not read: at the end of the options, the operands.
    std::vector<std::string> rest() const;

  private:
    Result<Option> take_letter();
    void end_word();

    const std::vector<std::string>& words_;
    std::string_view letters_;
    std::size_t at_ = 0;      // the word
    std::size_t offset_ = 0;  // the letter in it; 0: the word is not begun
};

}  // namespace ekiden::text
