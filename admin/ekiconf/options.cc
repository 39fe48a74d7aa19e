#include "admin/ekiconf/options.h"

#include "common/config/main_cf.h"
#include "common/config/params.h"

namespace ekiden::ekiconf {
namespace {

// One letter without an argument.
Result<> take_letter(char letter, Options& options) {
    switch (letter) {
        case 'n': options.only_set = true; return {};
        case 'd': options.only_defaults = true; return {};
        case 'h': options.value_only = true; return {};
        case 'H': options.name_only = true; return {};
        case 'x': options.expand = true; return {};
        case 'f': options.fold = true; return {};
        case 'q': options.quiet = true; return {};
        case 'p': return {};
        case 'e': options.mode = Mode::edit; return {};
        case 'X': options.mode = Mode::remove; return {};
        case 'M': options.mode = Mode::services; return {};
        case 'm': options.mode = Mode::table_types; return {};
        default: return malformed(std::string("unknown option -") + letter);
    }
}

Result<> take_operand(const std::string& operand, Options& options) {
    if (operand.find('=') == std::string::npos) {
        options.names.push_back(operand);
        return {};
    }
    auto assignment = config::split_assignment(operand);
    if (!assignment) return malformed("bad parameter name: \"" + operand + "\"");
    if (assignment->second.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
        return malformed("the value of " + assignment->first + " holds a line end");
    if (options.mode == Mode::show) options.mode = Mode::edit;  // as postconf since 2.8
    options.assignments.push_back(std::move(*assignment));
    return {};
}

Result<> check_together(const Options& options) {
    if (options.only_set && options.only_defaults) return malformed("specify one of -n and -d");
    if (options.mode != Mode::edit && !options.assignments.empty())
        return malformed("name=value is for -e only");
    if (options.mode == Mode::edit && (!options.names.empty() || options.assignments.empty()))
        return malformed("-e needs name=value");
    if (options.mode == Mode::remove && options.names.empty()) return malformed("-X needs a name");
    return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments, const char* mail_config) {
    Options options;
    options.directory =
        mail_config && *mail_config ? mail_config : std::string(param::config_directory.default_text);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument.size() < 2 || argument[0] != '-') {
            if (Result<> good = take_operand(argument, options); !good) return pass(good);
            continue;
        }
        for (std::size_t at = 1; at < argument.size(); ++at) {
            char letter = argument[at];
            if (letter != 'c' && letter != 'o') {
                if (Result<> good = take_letter(letter, options); !good) return pass(good);
                continue;
            }
            std::string value = argument.substr(at + 1);
            if (value.empty() && ++i == arguments.size())
                return malformed(std::string("-") + letter + " needs an argument");
            if (value.empty()) value = arguments[i];
            auto assignment = config::split_assignment(value);
            if (letter == 'o' && !assignment) return malformed("-o needs name=value");
            if (letter == 'o') options.overrides[assignment->first] = assignment->second;
            if (letter == 'c') options.directory = value;
            break;
        }
    }
    if (Result<> good = check_together(options); !good) return pass(good);
    return options;
}

}  // namespace ekiden::ekiconf
