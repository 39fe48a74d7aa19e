#pragma once
// The lines of Postfix's files: a line that begins with white space continues the one above; empty lines and
// lines whose first visible character is `#` are left out, also inside a continued line. main.cf, master.cf
// and the text tables are read through this, and ekiconf's edits keep the physical lines by their numbers.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ekiden::config {

namespace limits {
inline constexpr std::size_t configuration_file = 16 * 1024 * 1024;  // octets
}  // namespace limits

struct LogicalLine {
    std::string text;  // joined, without line ends and without white space at the end
    int first;         // physical lines, from 1
    int last;          // the last physical line that has a part of it
    std::vector<std::pair<std::size_t, int>> parts;  // where in `text` each physical line begins

    // The physical line that has the character at `offset` of `text`.
    int line_at(std::size_t offset) const;
};

// A file may begin with a continuation of nothing: that line stands as one of its own, beginning with its
// blanks.
std::vector<LogicalLine> logical_lines(std::string_view content);

}  // namespace ekiden::config
