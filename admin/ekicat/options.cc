#include "admin/ekicat/options.h"

#include "common/text/ascii.h"
#include "common/text/option_reader.h"

namespace ekiden::ekicat {
namespace {

Result<> take(Options& options, const text::Option& given) {
    switch (given.letter) {
        case 'b': options.body = true; break;
        case 'c': options.config = given.argument; break;
        case 'd': options.decimal = true; break;
        case 'e': options.envelope = true; break;
        case 'f': options.name = true; break;
        case 'h': options.header = true; break;
        case 'o': options.offsets = true; break;
        case 'q': options.queue = true; break;
        case 's': {
            auto offset = text::parse_number(given.argument);
            if (!offset) return malformed("bad offset: " + text::printable(given.argument, 60));
            options.skip = *offset;
            break;
        }
        case 'v': options.verbose = true; break;
        default: break;  // -r: records have no other order here
    }
    return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    text::OptionReader reader(arguments, "bc:defhoqrs:v");
    while (std::optional<Result<text::Option>> given = reader.next()) {
        if (!*given) return pass(*given);
        if (Result<> taken = take(options, **given); !taken) return pass(taken);
    }
    options.files = reader.rest();
    if (!options.body && !options.envelope && !options.header)
        options.body = options.envelope = options.header = true;
    return options;
}

}  // namespace ekiden::ekicat
