#include "sendmail/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "common/text/ascii.h"
#include "common/text/option_reader.h"
#include "sendmail/complain.h"

namespace ekiden::sendmail {
namespace {

// As getopt has them, but for a -q that stands alone, which takes no argument.
constexpr std::string_view letters = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";

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

void take(Options& options, const text::Option& option) {
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
        default: break;  // of other sendmails; -n among them, as the manual says and Postfix's code does not
    }
}

// The next word is this one, and with that read.
bool take_word(text::OptionReader& reader, std::string_view expected) {
    const std::string* word = reader.word();
    if (word == nullptr || *word != expected) return false;
    reader.skip_word();
    return true;
}

// -V with two characters was -XV before Postfix 2.3.
std::optional<std::string> old_verp(const text::OptionReader& reader) {
    const std::string* word = reader.word();
    if (word == nullptr || !word->starts_with("-V")) return std::nullopt;
    const std::string* following = reader.word(1);
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
    text::OptionReader reader(arguments, letters);
    while (true) {
        if (take_word(reader, "-q")) continue;
        std::optional<Result<text::Option>> option = reader.next();
        if (!option) break;
        if (*option && (*option)->letter == 'C') found = (*option)->argument;
    }
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
    text::OptionReader reader(arguments, letters);
    while (true) {
        if (take_word(reader, "-q")) {
            if (options.mode == Mode::daemon)
                warn("ignoring -q option in daemon mode");
            else
                options.mode = Mode::flush;
            continue;
        }
        if (take_word(reader, "-XV")) {
            options.verp = "";
            continue;
        }
        if (std::optional<std::string> delimiters = old_verp(reader)) {
            reader.skip_word();
            options.verp = *delimiters;
            continue;
        }
        std::optional<Result<text::Option>> option = reader.next();
        if (!option) break;
        if (!*option) {
            fmt::print(stderr, "{}: {}\n", name, option->error().text);
            fail(fmt::format("usage: {} [options]", name));
        }
        take(options, **option);
    }
    options.words = reader.rest();
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
