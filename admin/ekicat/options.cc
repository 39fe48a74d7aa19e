#include "admin/ekicat/options.h"

#include "common/text/ascii.h"

namespace ekiden::ekicat {
namespace {

Result<> take(Options& options, char letter, const std::string& value) {
    switch (letter) {
        case 'b': options.body = true; return {};
        case 'c': options.config = value; return {};
        case 'd': options.decimal = true; return {};
        case 'e': options.envelope = true; return {};
        case 'f': options.name = true; return {};
        case 'h': options.header = true; return {};
        case 'o': options.offsets = true; return {};
        case 'q': options.queue = true; return {};
        case 'r': return {};  // records have no other order here
        case 's': {
            auto offset = text::parse_number(value);
            if (!offset) return malformed("bad offset: " + text::printable(value, 60));
            options.skip = *offset;
            return {};
        }
        case 'v': options.verbose = true; return {};
        default: return malformed(std::string("invalid option -- '") + letter + "'");
    }
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    std::size_t i = 0;
    for (; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--") {
            ++i;
            break;
        }
        if (word.size() < 2 || word[0] != '-') break;
        for (std::size_t at = 1; at < word.size(); ++at) {
            bool takes = word[at] == 'c' || word[at] == 's';
            std::string value = takes ? word.substr(at + 1) : "";
            if (takes && value.empty()) {
                if (i + 1 == arguments.size())
                    return malformed(std::string("option requires an argument -- '") + word[at] + "'");
                value = arguments[++i];
            }
            Result<> taken = take(options, word[at], value);
            if (!taken) return pass(taken);
            if (takes) break;
        }
    }
    options.files.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
    if (!options.body && !options.envelope && !options.header)
        options.body = options.envelope = options.header = true;
    return options;
}

}  // namespace ekiden::ekicat
