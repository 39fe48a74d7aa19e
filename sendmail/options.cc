#include "sendmail/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "common/text/ascii.h"
#include "sendmail/complain.h"

namespace ekiden::sendmail {
namespace {

// A colon behind those that take an argument.
constexpr std::string_view letters = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";

struct Option {
    char letter;  // '?': getopt would refuse it
    std::string argument;
};

// Walks over options as POSIX getopt does, but for a -q that stands alone, which takes no argument.
class Walk {
  public:
    Walk(const std::string& name, const std::vector<std::string>& arguments, bool quiet)
        : name_(name), arguments_(arguments), quiet_(quiet) {}

    // Nothing: the options are over.
    std::optional<Option> next() {
        if (offset_ == 0) {
            if (at_ == arguments_.size()) return std::nullopt;
            const std::string& word = arguments_[at_];
            if (word == "--") {
                ++at_;
                return std::nullopt;
            }
            if (word.size() < 2 || word[0] != '-') return std::nullopt;
            if (word == "-q") {
                ++at_;
                return Option{'q', ""};
            }
            offset_ = 1;
        }
        return take_letter();
    }
    // The word that comes next is the start of an option: what it says, for the special forms.
    const std::string* at_word(std::size_t ahead = 0) const {
        return offset_ == 0 && at_ + ahead < arguments_.size() ? &arguments_[at_ + ahead] : nullptr;
    }
    void skip_word() { ++at_; }
    std::vector<std::string> rest() const {
        return {arguments_.begin() + static_cast<std::ptrdiff_t>(at_), arguments_.end()};
    }

  private:
    Option take_letter() {
        const std::string& word = arguments_[at_];
        char letter = word[offset_++];
        std::size_t place = letter == ':' ? std::string_view::npos : letters.find(letter);
        bool last = offset_ == word.size();
        if (place == std::string_view::npos) {
            if (last) end_word();
            return refuse("invalid option", letter);
        }
        if (place + 1 == letters.size() || letters[place + 1] != ':') {
            if (last) end_word();
            return {letter, ""};
        }
        std::string argument = word.substr(offset_);
        end_word();
        if (!last) return {letter, argument};
        if (at_ == arguments_.size()) return refuse("option requires an argument", letter);
        return {letter, arguments_[at_++]};
    }
    void end_word() {
        ++at_;
        offset_ = 0;
    }
    Option refuse(std::string_view why, char letter) const {
        if (!quiet_) fmt::print(stderr, "{}: {} -- '{}'\n", name_, why, letter);
        return {'?', ""};
    }

    const std::string& name_;
    const std::vector<std::string>& arguments_;
    bool quiet_;
    std::size_t at_ = 0, offset_ = 0;
};

[[noreturn]] void fail(std::string text) { throw Fatal{std::move(text)}; }

// "never", or a list of the others. 0 for anything else, with a warning.
std::uint8_t notify_bits(const std::string& text) {
    std::uint8_t bits = 0;
    for (const std::string& word : text::split(text, ", \t\r\n")) {
        std::uint8_t bit = text::equal_ignoring_case(word, "never")     ? 1
                           : text::equal_ignoring_case(word, "success") ? 2
                           : text::equal_ignoring_case(word, "failure") ? 4
                           : text::equal_ignoring_case(word, "delay")   ? 8
                                                                        : 0;
        if (bit == 0) {
            warn(fmt::format("unknown DSN NOTIFY command value \"{}\" in \"{}\"", text::printable(word),
                             text::printable(text)));
            return 0;
        }
        bits = static_cast<std::uint8_t>(bits | bit);
    }
    return (bits & 1) != 0 && bits != 1 ? std::uint8_t{0} : bits;
}

void take_b(Options& options, const std::string& argument) {
    char mode = argument.empty() ? '\0' : argument[0];
    switch (mode) {
        case 'd':
        case 'l':
            if (options.mode == Mode::flush) warn("ignoring -q option in daemon mode");
            options.mode = Mode::daemon;
            break;
        case 'h':
        case 'H': options.mode = Mode::ignore; break;
        case 'i': options.mode = Mode::newaliases; break;
        case 'm': options.mode = Mode::deliver; break;
        case 'p': options.mode = Mode::mailq; break;
        case 's': options.mode = Mode::smtp; break;
        case 'v': options.verify = true; break;
        default: fail(fmt::format("unsupported: -b{}", mode ? std::string(1, mode) : ""));
    }
}

void take_o(Options& options, const std::string& argument) {
    if (argument.starts_with('A')) {
        if (argument.size() == 1) fail("-oA requires pathname");
        options.alias_database = argument.substr(1);
    } else if (argument.starts_with('i')) {
        options.dot_ends = false;
    }
}

void take_q(Options& options, const std::string& argument) {
    char what = argument[0];
    if (text::is_digit(what)) {
        options.queue_interval = true;
    } else if (what == 'R') {
        options.site_to_flush = argument.substr(1);
        if (options.site_to_flush->empty()) fail("specify: -qRsitename");
    } else if (what == 'I') {
        options.id_to_flush = argument.substr(1);
        if (options.id_to_flush->empty()) fail("specify: -qIqueueid");
    } else {
        fail(fmt::format("-q{} is not implemented", what));
    }
}

void take_v(Options& options, const std::string& argument) {
    if (argument.size() > maildrop::limits::envelope_id)
        warn("too long -V option value -- ignored");
    else if (argument.empty() || !std::ranges::all_of(argument, text::is_print))
        warn("bad syntax in -V option value -- ignored");
    else
        options.envelope_id = argument;
}

void take(Options& options, const Option& option, const std::string& name) {
    const std::string& argument = option.argument;
    switch (option.letter) {
        case 'B':
            if (argument != "8BITMIME" && argument != "7BIT") fail("-B option needs 8BITMIME or 7BIT");
            options.body = argument;
            break;
        case 'F': options.full_name = argument; break;
        case 'G': options.gateway = true; break;
        case 'I': options.mode = Mode::newaliases; break;
        case 'N':
            options.notify = notify_bits(argument);
            if (options.notify == 0) warn("bad -N option value -- ignored");
            break;
        case 'R':
            options.return_content = text::equal_ignoring_case(argument, "full")   ? 2
                                     : text::equal_ignoring_case(argument, "hdrs") ? 1
                                                                                   : 0;
            if (options.return_content == 0) warn("bad -R option value -- ignored");
            break;
        case 'V': take_v(options, argument); break;
        case 'X':
            if (!argument.starts_with('V')) fail(fmt::format("unsupported: -X{}", argument.substr(0, 1)));
            options.verp = argument.substr(1);
            break;
        case 'b': take_b(options, argument); break;
        case 'f':
        case 'r': options.sender = argument; break;
        case 'i': options.dot_ends = false; break;
        case 'o': take_o(options, argument); break;
        case 'q': take_q(options, argument); break;
        case 't': options.recipients_from_header = true; break;
        case 'v': ++options.verbose; break;
        case '?': fail(fmt::format("usage: {} [options]", name));
        default: break;  // of other sendmails; -n among them, as the manual says and Postfix's code does not
    }
}

// -V with two characters was -XV before Postfix 2.3.
std::optional<std::string> old_verp(const Walk& walk) {
    const std::string* word = walk.at_word();
    if (word == nullptr || !word->starts_with("-V")) return std::nullopt;
    const std::string* following = walk.at_word(1);
    if (*word == "-V" && following && following->size() == 2) {
        warn("option -V is deprecated with Postfix 2.3; specify -XV instead");
        return "";
    }
    if (word->size() == 4) {
        warn(fmt::format("option {} is deprecated with Postfix 2.3; specify -X{} instead", *word,
                         word->substr(1)));
        return word->substr(2);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> config_directory_in(const std::vector<std::string>& arguments) {
    std::optional<std::string> found;
    std::string name = "sendmail";
    Walk walk(name, arguments, true);
    while (std::optional<Option> option = walk.next())
        if (option->letter == 'C') found = option->argument;
    if (found && (*found == "main.cf" || found->ends_with("/main.cf"))) {
        std::size_t slash = found->rfind('/');
        found = slash == std::string::npos ? "." : found->substr(0, std::max<std::size_t>(slash, 1));
    }
    return found;
}

Options parse(const std::string& name, const std::vector<std::string>& arguments) {
    Options options;
    if (name == "mailq") options.mode = Mode::mailq;
    if (name == "newaliases") options.mode = Mode::newaliases;
    if (name == "smtpd") options.mode = Mode::daemon;
    Walk walk(name, arguments, false);
    while (true) {
        if (const std::string* word = walk.at_word(); word && *word == "-q") {
            walk.skip_word();
            if (options.mode == Mode::daemon)
                warn("ignoring -q option in daemon mode");
            else
                options.mode = Mode::flush;
            continue;
        }
        if (const std::string* word = walk.at_word(); word && *word == "-XV") {
            walk.skip_word();
            options.verp = "";
            continue;
        }
        if (std::optional<std::string> delimiters = old_verp(walk)) {
            walk.skip_word();
            options.verp = *delimiters;
            continue;
        }
        std::optional<Option> option = walk.next();
        if (!option) break;
        take(options, *option, name);
    }
    options.words = walk.rest();
    return options;
}

void check(const Options& options) {
    bool delivers = options.mode == Mode::deliver;
    if (options.recipients_from_header && !delivers) fail("-t can be used only in delivery mode");
    if (options.site_to_flush && !delivers) fail("-qR can be used only in delivery mode");
    if (options.id_to_flush && !delivers) fail("-qI can be used only in delivery mode");
    if (options.verify) {
        if (options.recipients_from_header) fail("-t option cannot be used with -bv");
        if (options.notify != 0) fail("-N option cannot be used with -bv");
        if (options.return_content != 0) fail("-R option cannot be used with -bv");
        if (options.verbose == 1) fail("-v option cannot be used with -bv");
    }
    if (options.queue_interval && options.mode != Mode::daemon) return;
    if (options.words.empty()) return;
    if (options.mode == Mode::mailq) fail("display queue mode requires no recipient");
    if (options.mode == Mode::flush) fail("flush queue mode requires no recipient");
    if (options.mode == Mode::daemon) fail("daemon mode requires no recipient");
    if (options.mode == Mode::newaliases) fail("alias initialization mode requires no recipient");
    if (options.mode == Mode::smtp) fail("stand-alone mode requires no recipient");
    if (delivers && options.site_to_flush) fail("flush site requires no recipient");
    if (delivers && options.id_to_flush) fail("flush queue_id requires no recipient");
}

}  // namespace ekiden::sendmail
