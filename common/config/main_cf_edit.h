#pragma once
// Edits of main.cf as text: comments, order and all lines that are not meant stay as they are.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::config {

enum class EditKind { set, comment_out, remove };

struct Edited {
    std::string content;
    std::vector<std::string> repeated;  // names that had several definitions, sorted
};

// set: the last definition of a name gets the new value in its place (on one line), earlier ones go, new
// names are appended, sorted. comment_out and remove: all definitions of the names, whose values do not
// count.
Edited edit_main_cf(std::string_view content, EditKind kind,
                    const std::map<std::string, std::string>& changes);

// The lines of a file without their line ends.
std::vector<std::string_view> physical_lines(std::string_view content);
// A line that is nobody's value, also inside a continued entry.
bool is_comment_or_empty(std::string_view line);

}  // namespace ekiden::config
