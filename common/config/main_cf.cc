// Limits: Postfix takes a few more characters in parameter names than it documents; here they are letters,
// digits, `_`.
#include "common/config/main_cf.h"

#include <algorithm>
#include <set>

#include "common/config/logical_lines.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

Finding error_at(const std::string& file, int line, std::string text, std::string remedy) {
    return {Severity::error, file, line, std::move(text), std::move(remedy)};
}

// Why a logical line is no assignment.
Finding explain(const std::string& file, const LogicalLine& line) {
    if (text::is_space(line.text.front()))
        return error_at(file, line.first, "the first line begins with white space",
                        "a line that begins with white space continues the one above");
    std::size_t equals = line.text.find('=');
    std::string_view name = text::trim(std::string_view(line.text).substr(0, equals));
    if (equals == std::string::npos)
        return error_at(file, line.first,
                        "missing '=' after attribute name: \"" + text::printable(name, 60) + "\"",
                        "write name = value; a continued line begins with white space");
    if (name.empty())
        return error_at(file, line.first, "missing attribute name before '='", "write name = value");
    return error_at(file, line.first, "bad parameter name: \"" + text::printable(name, 60) + "\"",
                    "names are letters, digits and _");
}

std::vector<std::string_view> physical_lines(std::string_view content) {
    std::vector<std::string_view> lines;
    for (std::size_t start = 0; start < content.size();) {
        std::size_t end = std::min(content.find('\n', start), content.size());
        lines.push_back(content.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

// A comment inside a continued entry is part of nobody's value and stays.
bool is_comment_or_empty(std::string_view line) {
    std::string_view visible = text::trim(line);
    return visible.empty() || visible.front() == '#';
}

}  // namespace

bool is_parameter_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return text::is_alnum(c) || c == '_'; });
}

std::optional<std::pair<std::string, std::string>> split_assignment(std::string_view text) {
    std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string_view name = text::trim(text.substr(0, equals));
    if (!is_parameter_name(name)) return std::nullopt;
    return std::pair(std::string(name), std::string(text::trim(text.substr(equals + 1))));
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
    std::map<std::string, int, std::less<>> seen;
    for (const LogicalLine& line : logical_lines(content)) {
        auto assignment = text::is_space(line.text.front()) ? std::nullopt : split_assignment(line.text);
        if (!assignment) {
            findings.push_back(explain(file, line));
            continue;
        }
        auto& [name, value] = *assignment;
        if (value.find(" #") != std::string::npos || value.find("\t#") != std::string::npos)
            findings.push_back(
                {Severity::warning, file, line.first,
                 "#comment after other text is not allowed: it is part of the value of " + name,
                 "put the comment on a line of its own"});
        if (auto [earlier, is_new] = seen.try_emplace(name, line.first); !is_new)
            findings.push_back({Severity::warning, file, line.first,
                                "overriding earlier entry: " + name + "=" + value,
                                "the earlier one is on line " + std::to_string(earlier->second)});
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

std::string edit_main_cf(std::string_view content,
                         const std::vector<std::pair<std::string, std::optional<std::string>>>& changes) {
    std::vector<Finding> ignored;
    MainCf parsed = MainCf::parse(content, "", ignored);
    std::map<int, std::string> replaced;  // physical line → what stands there now
    std::set<int> removed;
    std::string appended;
    for (auto change = changes.begin(); change != changes.end(); ++change) {
        const auto& name = change->first;
        bool again =
            std::any_of(change + 1, changes.end(), [&](const auto& later) { return later.first == name; });
        if (again) continue;  // the last change of a name counts
        std::string line = change->second ? name + " = " + *change->second : "";
        const MainCfEntry* last = parsed.find(name);
        for (const MainCfEntry& entry : parsed.entries()) {
            if (entry.name != name) continue;
            for (int number = entry.first_line; number <= entry.last_line; ++number) removed.insert(number);
            if (&entry == last && change->second) replaced[entry.first_line] = line;
        }
        if (!last && change->second) appended += line + "\n";
    }
    std::string out;
    int number = 0;
    for (std::string_view line : physical_lines(content)) {
        ++number;
        if (auto now = replaced.find(number); now != replaced.end()) {
            out += now->second + "\n";
        } else if (!removed.contains(number) || is_comment_or_empty(line)) {
            out.append(line) += '\n';
        }
    }
    return out + appended;
}

}  // namespace ekiden::config
