#include "common/config/logical_lines.h"

#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

void trim_end(std::string& line) {
    while (!line.empty() && text::is_space(line.back())) line.pop_back();
}

}  // namespace

int LogicalLine::line_at(std::size_t offset) const {
    int line = first;
    for (const auto& [begin, number] : parts)
        if (begin <= offset) line = number;
    return line;
}

std::vector<LogicalLine> logical_lines(std::string_view content) {
    std::vector<LogicalLine> lines;
    int number = 0;
    for (std::size_t start = 0; start < content.size();) {
        std::size_t end = std::min(content.find('\n', start), content.size());
        std::string_view line = content.substr(start, end - start);
        start = end + 1;
        ++number;
        std::string_view visible = text::trim(line);
        if (visible.empty() || visible.front() == '#') continue;
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (text::is_space(line.front()) && !lines.empty()) {
            lines.back().parts.emplace_back(lines.back().text.size(), number);
            lines.back().text += line;
            lines.back().last = number;
        } else {
            lines.push_back({std::string(line), number, number, {{0, number}}});
        }
    }
    for (LogicalLine& line : lines) trim_end(line.text);
    return lines;
}

}  // namespace ekiden::config
