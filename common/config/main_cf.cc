#include "common/config/main_cf.h"

#include <algorithm>

#include "common/config/logical_lines.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

Finding error_at(const std::string& file, int line, std::string text, std::string remedy) {
    return {Severity::error, file, line, std::move(text), std::move(remedy)};
}

// Why a logical line is no assignment.
Finding explain(const std::string& file, const LogicalLine& line, const Error& why) {
    if (text::is_space(line.text.front()))
        return error_at(file, line.first, "the first line begins with white space",
                        "a line that begins with white space continues the one above");
    return error_at(file, line.first, why.text + ": \"" + text::printable(line.text, 200) + "\"",
                    "write name = value; a continued line begins with white space");
}

}  // namespace

bool is_parameter_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '='; });
}

Result<std::pair<std::string, std::string>> split_assignment(std::string_view text) {
    text = text::trim(text);
    auto name_ends = [](char c) { return c == '=' || text::is_space(c); };
    auto end = std::find_if(text.begin(), text.end(), name_ends);
    std::string_view name(text.begin(), end);
    std::string_view rest = text::trim(std::string_view(end, text.end()));
    if (name.empty()) return malformed("missing attribute name");
    if (!rest.starts_with('=')) return malformed("missing '=' after attribute name");
    if (!is_parameter_name(name)) return malformed("bad parameter name");
    return std::pair(std::string(name), std::string(text::trim(rest.substr(1))));
}

MainCf MainCf::parse(std::string_view content, const std::string& file, std::vector<Finding>& findings) {
    MainCf result;
    if (content.size() > limits::configuration_file) {
        findings.push_back(
            error_at(file, 0, "the file is larger than 16 MiB", "it holds something else than main.cf"));
        return result;
    }
    if (std::size_t nul = content.find('\0'); nul != std::string_view::npos) {
        auto before = content.substr(0, nul);
        int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
        findings.push_back(error_at(file, line, "the file holds a NUL octet", "main.cf is text"));
        return result;
    }
    std::map<std::string, std::size_t, std::less<>> seen;
    for (const LogicalLine& line : logical_lines(content)) {
        auto assignment = split_assignment(line.text);
        if (!assignment || text::is_space(line.text.front())) {
            findings.push_back(explain(file, line, assignment ? Error{} : assignment.error()));
            continue;
        }
        auto& [name, value] = *assignment;
        if (value.find(" #") != std::string::npos || value.find("\t#") != std::string::npos)
            findings.push_back(
                {Severity::warning, file, line.first,
                 "#comment after other text is not allowed: it is part of the value of " + name,
                 "put the comment on a line of its own"});
        auto [earlier, is_new] = seen.try_emplace(name, result.entries_.size());
        if (!is_new) {
            const MainCfEntry& entry = result.entries_[earlier->second];
            findings.push_back({Severity::warning, file, line.first,
                                "overriding earlier entry: " + name + "=" + entry.value,
                                "which is on line " + std::to_string(entry.first_line)});
            earlier->second = result.entries_.size();
        }
        result.entries_.push_back({name, value, line.first, line.last});
    }
    return result;
}

const MainCfEntry* MainCf::find(std::string_view name) const {
    auto entry = std::find_if(entries_.rbegin(), entries_.rend(),
                              [&](const MainCfEntry& candidate) { return candidate.name == name; });
    return entry == entries_.rend() ? nullptr : &*entry;
}

int MainCf::line_of(std::string_view name) const {
    const MainCfEntry* entry = find(name);
    return entry ? entry->first_line : 0;
}

RawValues MainCf::values() const {
    RawValues values;
    for (const MainCfEntry& entry : entries_) values[entry.name] = entry.value;
    return values;
}

}  // namespace ekiden::config
