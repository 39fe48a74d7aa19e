#include "admin/ekiconf/edit_master.h"

#include "admin/ekiconf/master_text.h"
#include "common/config/file_edit.h"
#include "common/config/main_cf.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

bool has_blanks(const std::string& value) { return value.find_first_of(" \t\r\n") != std::string::npos; }

MasterEdit edit_of(const Options& options) {
    bool sets = options.edit == 'e';
    if (options.mode == 'F') return MasterEdit::set_field;
    if (options.mode == 'P') return sets ? MasterEdit::set_parameter : MasterEdit::remove_parameter;
    return sets                  ? MasterEdit::set_entry
           : options.edit == 'X' ? MasterEdit::remove_entry
                                 : MasterEdit::comment_entry;
}

// "pattern = value", or a pattern alone.
Result<std::pair<std::string, std::string>> split(const std::string& operand, char edit) {
    std::string_view visible = text::trim(operand);
    if (operand.find('\n') != std::string::npos)
        return malformed("-Me, -Fe, -Pe, -X, or -# accept no multi-line input");
    if (visible.starts_with('#')) return malformed("-Me, -Fe, -Pe, -X, or -# accept no comment input");
    if (edit == 'e') {
        auto assignment = config::split_assignment(operand);
        if (!assignment) return malformed(assignment.error().text + ": \"" + operand + "\"");
        return assignment;
    }
    if (visible.find('=') != std::string_view::npos)
        return malformed("-X or -# requires names without value");
    return std::pair(std::string(visible), std::string());
}

Result<> read_entry(MasterRequest& request, const std::string& pattern) {
    auto parsed = parse_pattern(pattern, 2, 2);
    if (!parsed) return malformed("-Me, -MX or -M# requires service_name/type");
    request.pattern = *parsed;
    return {};
}

Result<> read_field(MasterRequest& request, const std::string& pattern) {
    auto parsed = parse_pattern(pattern, 3, 3);
    if (!parsed) return malformed("-Fe or -FX requires service_name/type/field_name");
    Result<std::optional<std::size_t>> field = parse_field(parsed->third);
    if (!field) return pass(field);
    if (!*field) return malformed("-Fe does not accept wild-card field name");
    if (**field < command_field && has_blanks(request.value))
        return malformed("-Fe does not accept whitespace in non-command field");
    request.pattern = *parsed;
    request.field = **field;
    return {};
}

Result<> read_parameter(MasterRequest& request, const std::string& pattern) {
    auto parsed = parse_pattern(pattern, 3, 3);
    if (!parsed) return malformed("-Pe or -PX requires service_name/type/parameter");
    if (parsed->third == "*") return malformed("-Pe does not accept wild-card parameter name");
    if (has_blanks(request.value)) return malformed("-Pe does not accept whitespace in parameter value");
    if (!config::is_parameter_name(parsed->third))
        return malformed("bad parameter name: \"" + request.text + "\"");
    request.pattern = *parsed;
    return {};
}

Result<MasterRequest> read_request(const Options& options, const std::string& operand, Output& output) {
    auto parts = split(operand, options.edit);
    if (!parts) return pass(parts);
    MasterRequest request;
    request.text = operand;
    request.value = parts->second;
    Result<> read = options.mode == 'M'   ? read_entry(request, parts->first)
                    : options.mode == 'F' ? read_field(request, parts->first)
                                          : read_parameter(request, parts->first);
    if (!read) return pass(read);
    if (options.mode != 'M' || options.edit != 'e') return request;
    Result<MasterEntry> entry = parse_entry(request.value, output);
    if (!entry) {
        bool of_a_field = entry.error().text.starts_with("invalid ");
        return malformed(entry.error().text + (of_a_field ? "" : ": \"" + operand + "\""));
    }
    request.entry = std::move(*entry);
    return request;
}

Result<> edit(const Options& options, Output& output) {
    const std::string path = options.directory + "/master.cf";
    std::vector<MasterRequest> requests;
    for (const std::string& operand : options.operands) {
        Result<MasterRequest> request = read_request(options, operand, output);
        if (!request) return pass(request);
        requests.push_back(std::move(*request));
    }
    Result<config::FileEdit> file = config::FileEdit::open(path);
    if (!file) return pass(file);
    Result<std::string> edited =
        edit_master_text(file->content(), path, edit_of(options), std::move(requests), output);
    if (!edited) return pass(edited);
    return file->replace(*edited);
}

}  // namespace

Output edit_master(const Options& options) {
    Output output;
    if (Result<> done = edit(options, output); !done) output.fail(bare(done.error().text));
    return output;
}

}  // namespace ekiden::ekiconf
