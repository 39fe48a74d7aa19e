#include "admin/ekimap/map.h"
#include "common/config/table_reference.h"

namespace ekiden::ekimap {

Result<Options> parse_options(const std::vector<std::string>& arguments, const std::string& default_type) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument.size() < 2 || argument[0] != '-') {
            options.tables.push_back(config::parse_table_reference(argument) ? argument
                                                                             : default_type + ":" + argument);
            continue;
        }
        for (std::size_t at = 1; at < argument.size(); ++at) {
            char letter = argument[at];
            if (letter == 'i') {
                options.incremental = true;
            } else if (letter == 'r') {
                options.duplicates = Duplicates::replace;
            } else if (letter == 'w') {
                options.duplicates = Duplicates::ignore;
            } else if (letter == 'f') {
                options.fold = false;
            } else if (letter == 'p') {
                options.inherit_rights = false;
            } else if (letter == 's') {
                options.mode = Mode::list;
            } else if (letter == 'q' || letter == 'd') {
                options.mode = letter == 'q' ? Mode::query : Mode::remove;
                options.key = argument.substr(at + 1);
                if (options.key.empty() && ++i == arguments.size())
                    return malformed(std::string("-") + letter + " needs a key");
                if (options.key.empty()) options.key = arguments[i];
                if (options.key.empty()) return malformed("the key is empty");
                break;
            } else if (letter != 'o') {  // -o: keep root's rights; they are never given up here
                return malformed(std::string("unknown option -") + letter);
            }
        }
    }
    if (options.tables.empty()) return malformed("no table is named");
    return options;
}

}  // namespace ekiden::ekimap
