#include "admin/ekiconf/master_entry.h"

#include <algorithm>

#include "common/config/expand.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

constexpr std::size_t columns = std::size(field_names);

bool is_option(std::string_view word) { return word.starts_with('-') && word != "--"; }

std::unexpected<Error> bad_field(std::size_t field, std::string_view value, std::string_view raw) {
    return malformed("invalid " + std::string(field_names[field]) + " field \"" + std::string(value) +
                     "\" in \"" + std::string(raw) + "\"");
}

bool is_number(std::string_view text) { return std::ranges::all_of(text, text::is_digit); }

// Off with the braces around an argument.
std::string opened(const std::string& word, Output& output) {
    if (!word.starts_with('{')) return word;
    if (!word.ends_with('}')) {
        output.warn("master.cf: missing '}' in \"" + word + "\"");
        return word.substr(1);
    }
    return std::string(config::without_braces(word));
}

std::string option_value(const std::string& word, Output& output) {
    if (!word.starts_with('{')) return word;
    std::string inside = opened(word, output);
    auto assignment = config::split_assignment(inside);
    if (assignment) return assignment->first + "=" + assignment->second;
    output.warn("master.cf: " + assignment.error().text + ": \"" + inside + "\"");
    return inside;
}

std::string braced(const std::string& word) {
    return word.find_first_of(" \t\r\n") == std::string::npos ? word : "{" + word + "}";
}

}  // namespace

RawValues MasterEntry::overrides() const {
    RawValues values;
    for (std::size_t i = columns; i + 1 < words.size() && is_option(words[i]); ++i) {
        if (words[i] != "-o") continue;
        auto assignment = config::split_assignment(words[++i]);
        if (assignment) values[assignment->first] = assignment->second;
    }
    return values;
}

std::size_t MasterEntry::option_of(std::string_view parameter) const {
    for (std::size_t i = columns; i + 1 < words.size() && is_option(words[i]); ++i)
        if (words[i] == "-o") {
            std::string_view value = words[++i];
            if (value.starts_with(parameter) && value.substr(parameter.size()).starts_with('=')) return i - 1;
        }
    return 0;
}

std::size_t MasterEntry::end_of_options() const {
    std::size_t i = columns;
    for (; i < words.size() && is_option(words[i]); ++i)
        if (words[i] == "-o" && i + 1 < words.size()) ++i;
    return i;
}

void normalise_arguments(std::vector<std::string>& words, Output& output) {
    std::size_t i = columns;
    for (; i < words.size() && is_option(words[i]); ++i) {
        std::size_t o = words[i].find('o');
        if (o == std::string::npos || o != words[i].find_first_not_of("-DSVdlv")) continue;
        std::string rest = words[i].substr(o + 1);
        auto here = [&] { return words.begin() + static_cast<std::ptrdiff_t>(i); };
        if (o > 1) {  // -vo is -v -o
            words[i].resize(o);
            words.insert(here() + 1, "-o");
            ++i;
        }
        words[i] = "-o";
        if (!rest.empty()) words.insert(here() + 1, rest);
        if (i + 1 == words.size()) return;
        ++i;
        words[i] = option_value(words[i], output);
    }
    for (; i < words.size(); ++i) words[i] = opened(words[i], output);
}

Result<> check_entry(const MasterEntry& entry, std::string_view raw) {
    const auto& words = entry.words;
    if (words.size() < columns) return malformed("bad field count");
    if (std::ranges::none_of(std::array{"unix", "fifo", "inet", "pass", "unix-dgram"},
                             [&](auto type) { return words[1] == type; }))
        return bad_field(1, words[1], raw);
    for (std::size_t i = 2; i < 5; ++i)
        if (words[i] != "y" && words[i] != "n" && words[i] != "-") return bad_field(i, words[i], raw);
    std::string_view wakeup = words[5];
    if (wakeup.ends_with('?')) wakeup.remove_suffix(1);
    if (wakeup != "-" && !is_number(wakeup)) return bad_field(5, words[5], raw);
    if (words[6] != "-" && !is_number(words[6])) return bad_field(6, words[6], raw);
    return {};
}

Result<MasterEntry> parse_entry(std::string_view line, Output& output) {
    MasterEntry entry;
    for (std::string_view word : config::split_words(line)) entry.words.emplace_back(word);
    if (Result<> good = check_entry(entry, line); !good) return pass(good);
    normalise_arguments(entry.words, output);
    return entry;
}

std::vector<MasterEntry> parse_master(std::string_view content, const std::string& path, Output& output) {
    std::vector<MasterEntry> entries;
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        Result<MasterEntry> entry = parse_entry(line.text, output);
        bool continues_nothing = text::is_space(line.text.front());
        if (entry && !continues_nothing) {
            entries.push_back(std::move(*entry));
            continue;
        }
        std::string what = continues_nothing ? "the first line begins with white space" : entry.error().text;
        bool of_a_field = !continues_nothing && what.starts_with("invalid ");
        output.fail(of_a_field ? what
                               : "file " + path + ": line " + std::to_string(line.first) + ": " + what);
        return {};
    }
    return entries;
}

std::string print_command(const MasterEntry& entry, std::size_t column, bool fold, const Expand& expand) {
    std::string text = entry.words[command_field];
    std::size_t at = column + text.size();
    std::size_t end = entry.end_of_options();
    for (std::size_t i = columns; i < entry.words.size(); ++i) {
        bool has_value = i < end && entry.words[i] == "-o" && i + 1 < end;
        std::string item = i < end ? entry.words[i] : braced(entry.words[i]);
        if (has_value) {
            const std::string& setting = entry.words[++i];
            item += " " + braced(expand ? expand(setting) : setting);
        }
        // An option with a value has a line of its own.
        bool breaks = fold && (has_value || at + 1 + item.size() >= line_limit);
        text += breaks ? "\n" + std::string(indent, ' ') : " ";
        text += item;
        at = has_value ? line_limit : (breaks ? indent : at + 1) + item.size();
    }
    return text;
}

std::string print_entry(const MasterEntry& entry, bool fold, const Expand& expand) {
    constexpr std::array<std::size_t, columns> goals{0, 11, 17, 25, 33, 41, 49, 57};
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
        if (i > 0) line += ' ';
        while (line.size() < goals[i]) line += ' ';
        if (i < command_field) line += entry.words[i];
    }
    return line + print_command(entry, line.size(), fold, expand);
}

}  // namespace ekiden::ekiconf
