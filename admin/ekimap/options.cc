#include "admin/ekimap/options.h"

#include "common/text/option_reader.h"

namespace ekiden::ekimap {
namespace {

struct Form {
    std::string_view letters;
    std::string_view usage;
};
constexpr Form map_form{
    "bc:d:fFhijmnNopq:rsuUvw",
    "fatal: usage: ekimap [-bfFhijmnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file..."};
constexpr Form alias_form{
    "c:d:fijnNopq:rsuUvw",
    "fatal: usage: ekialias [-fijnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file..."};

Result<> set_mode(Options& options, Mode mode, const std::string& key) {
    if (options.mode != Mode::build) return malformed("fatal: specify only one of -s -q or -d");
    options.mode = mode;
    options.key = key;
    return {};
}

Result<> take(Options& options, const text::Option& given) {
    switch (given.letter) {
        case 'b': options.bodies = true; break;
        case 'c':
            options.config_directory = given.argument;
            options.directory_given = true;
            break;
        case 'd': return set_mode(options, Mode::remove, given.argument);
        case 'f': options.fold = false; break;
        case 'F': options.file_values = true; break;
        case 'h': options.headers = true; break;
        case 'i': options.incremental = true; break;
        case 'j': options.json = true; break;
        case 'm': options.mime = true; break;
        case 'n': options.with_nul = false; break;
        case 'N': options.with_nul = true; break;
        case 'o': options.stay_root = true; break;
        case 'p': options.inherit_rights = false; break;
        case 'q': return set_mode(options, Mode::query, given.argument);
        case 'r': options.duplicates = Duplicates::replace; break;
        case 's': return set_mode(options, Mode::list, "");
        case 'u': options.utf8 = false; break;
        case 'U': options.utf8 = true; break;
        case 'w': options.duplicates = Duplicates::ignore; break;
        default: ++options.verbose; break;  // -v
    }
    return {};
}

}  // namespace

std::string_view name_of(Tool tool) { return tool == Tool::map ? "ekimap" : "ekialias"; }

Result<Options> parse_options(Tool tool, const std::vector<std::string>& arguments, const char* environment) {
    Options options;
    options.tool = tool;
    const Form& form = tool == Tool::map ? map_form : alias_form;
    text::OptionReader reader(arguments, form.letters);
    while (std::optional<Result<text::Option>> given = reader.next()) {
        if (!*given) return malformed(given->error().text + "\n" + std::string(form.usage));
        if (Result<> taken = take(options, **given); !taken) return pass(taken);
    }
    options.tables = reader.rest();
    if (options.tables.empty()) return malformed(std::string(form.usage));
    bool message = options.headers || options.bodies || options.mime;
    if (message && (options.mode != Mode::query || options.key != "-"))
        return malformed("fatal: specify -b -h or -m only with \"-q -\"");
    if (!options.directory_given && environment && *environment) options.config_directory = environment;
    return options;
}

}  // namespace ekiden::ekimap
