// The physical lines of each definition are known from reading the file; every other line is copied.
#include "common/config/main_cf_edit.h"

#include <set>

#include "common/config/main_cf.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

// What to do with physical lines, by their numbers.
struct Plan {
    std::map<int, std::string> replaced;
    std::set<int> taken;  // of definitions, those replaced included
    std::set<std::string> missing;
};

Plan plan_for(const MainCf& file, EditKind kind, const std::map<std::string, std::string>& changes,
              Edited& edited) {
    Plan plan;
    for (const auto& [name, value] : changes) {
        int count = 0;
        for (const MainCfEntry& entry : file.entries()) {
            if (entry.name != name) continue;
            if (++count == 2) edited.repeated.push_back(name);
            for (int number = entry.first_line; number <= entry.last_line; ++number)
                plan.taken.insert(number);
        }
        if (count == 0)
            plan.missing.insert(name);
        else if (kind == EditKind::set)
            plan.replaced[file.find(name)->first_line] = name + " = " + value;
    }
    return plan;
}

}  // namespace

std::vector<std::string_view> physical_lines(std::string_view content) {
    std::vector<std::string_view> lines;
    for (std::size_t start = 0; start < content.size();) {
        std::size_t end = std::min(content.find('\n', start), content.size());
        lines.push_back(content.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

bool is_comment_or_empty(std::string_view line) {
    std::string_view visible = text::trim(line);
    return visible.empty() || visible.front() == '#';
}

Edited edit_main_cf(std::string_view content, EditKind kind,
                    const std::map<std::string, std::string>& changes) {
    std::vector<Finding> ignored;
    Edited edited;
    Plan plan = plan_for(MainCf::parse(content, "", ignored), kind, changes, edited);
    int number = 0;
    for (std::string_view line : physical_lines(content)) {
        ++number;
        auto now = plan.replaced.find(number);
        if (now != plan.replaced.end()) {
            edited.content += now->second + "\n";
        } else if (!plan.taken.contains(number) || is_comment_or_empty(line)) {
            edited.content.append(line) += '\n';
        } else if (kind == EditKind::comment_out) {
            edited.content.append("#").append(line) += '\n';
        }
    }
    if (kind == EditKind::set)
        for (const std::string& name : plan.missing) edited.content += name + " = " + changes.at(name) + "\n";
    return edited;
}

}  // namespace ekiden::config
