#include "common/text/option_reader.h"

#include <utility>

namespace ekiden::text {

std::optional<Result<Option>> OptionReader::next() {
    if (offset_ == 0) {
        if (at_ == words_.size()) return std::nullopt;
        const std::string& word = words_[at_];
        if (word.size() < 2 || word[0] != '-') return std::nullopt;
        if (word == "--") {
            ++at_;
            return std::nullopt;
        }
        offset_ = 1;
    }
    return take_letter();
}

Result<Option> OptionReader::take_letter() {
    const std::string& word = words_[at_];
    char letter = word[offset_++];
    bool last = offset_ == word.size();
    std::size_t place = letter == ':' ? letters_.npos : letters_.find(letter);
    bool known = place != letters_.npos;
    bool takes_argument = known && letters_.substr(place + 1).starts_with(':');
    std::string argument = takes_argument ? word.substr(offset_) : "";
    if (last || takes_argument) end_word();
    if (!known) return malformed(std::string("invalid option -- '") + letter + "'");
    if (takes_argument && last) {
        if (at_ == words_.size())
            return malformed(std::string("option requires an argument -- '") + letter + "'");
        argument = words_[at_++];
    }
    return Option{letter, std::move(argument)};
}

void OptionReader::end_word() {
    ++at_;
    offset_ = 0;
}

const std::string* OptionReader::word(std::size_t ahead) const {
    return offset_ == 0 && at_ + ahead < words_.size() ? &words_[at_ + ahead] : nullptr;
}

std::vector<std::string> OptionReader::rest() const {
    return {words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end()};
}

}  // namespace ekiden::text
