#include "admin/ekiconf/edit_main.h"

#include "common/config/file_edit.h"
#include "common/config/main_cf.h"
#include "common/config/main_cf_edit.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

using Changes = std::map<std::string, std::string>;

Result<std::pair<std::string, std::string>> read_change(const std::string& operand, char edit) {
    std::string_view visible = text::trim(operand);
    if (operand.find('\n') != std::string::npos)
        return malformed("-e, -X, or -# accepts no multi-line input");
    if (visible.starts_with('#')) return malformed("-e, -X, or -# accepts no comment input");
    if (edit == 'e') {
        auto assignment = config::split_assignment(operand);
        if (!assignment) return malformed(assignment.error().text + ": \"" + operand + "\"");
        return assignment;
    }
    if (visible.empty()) return malformed("-X or -# requires non-blank parameter names");
    if (visible.find('=') != std::string_view::npos)
        return malformed("-X or -# requires parameter names without value");
    return std::pair(std::string(visible), std::string());
}

Result<Changes> read_changes(const Options& options, Output& output) {
    Changes changes;
    for (const std::string& operand : options.operands) {
        auto change = read_change(operand, options.edit);
        if (!change) return pass(change);
        auto& [name, value] = *change;
        if (auto earlier = changes.find(name); earlier != changes.end() && options.edit == 'e')
            output.warn("ignoring earlier request: '" + name + " = " + earlier->second + "'");
        changes[name] = value;
    }
    return changes;
}

config::EditKind kind_of(char edit) {
    return edit == 'e'   ? config::EditKind::set
           : edit == 'X' ? config::EditKind::remove
                         : config::EditKind::comment_out;
}

}  // namespace

Output edit_main(const Options& options) {
    Output output;
    const std::string path = options.directory + "/main.cf";
    auto failed = [&](const Error& error) {
        output.fail(bare(error.text));
        return output;
    };
    Result<Changes> changes = read_changes(options, output);
    if (!changes) return failed(changes.error());
    Result<config::FileEdit> file = config::FileEdit::open(path);
    if (!file) return failed(file.error());
    config::Edited edited = config::edit_main_cf(file->content(), kind_of(options.edit), *changes);
    for (const std::string& name : edited.repeated)
        output.warn(path + ": multiple entries for \"" + name + "\"");
    if (Result<> replaced = file->replace(edited.content); !replaced) return failed(replaced.error());
    return output;
}

}  // namespace ekiden::ekiconf
