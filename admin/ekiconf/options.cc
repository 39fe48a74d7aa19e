// Which options go together stands in two tables: those of which one may be given, and what each mode takes.
#include "admin/ekiconf/options.h"

#include "common/config/main_cf.h"
#include "common/config/params.h"
#include "common/text/ascii.h"
#include "common/text/option_reader.h"

namespace ekiden::ekiconf {
namespace {

constexpr std::string_view in_order = "aAbdefFhHjlmMnopPtTxX#";  // as messages name them
constexpr std::string_view modes = "aAbFlmMpPtT";
constexpr std::string_view edits = "eX#";

// Of each of these at most one.
constexpr std::string_view exclusive[] = {modes,   "denX#", "efX#", "exX#", "deoX#",
                                          "ehHX#", "ejX#",  "fj",   "hHj"};

struct Mode {
    char letter;
    std::string_view takes;
};
constexpr Mode takes[] = {{'p', "defhHjnoxX#"}, {'M', "efjoxX#"}, {'F', "efhHjox"}, {'P', "efhHjoxX"}};

struct Named {
    std::string_view name;
    unsigned bits;
};
constexpr Named classes[] = {
    {"builtin", builtin}, {"service", service}, {"user", user}, {"all", all_classes}};

std::string letters_of(const Options& options, std::string_view among) {
    std::string list;
    for (char letter : in_order)
        if (options.has(letter) && among.find(letter) != std::string_view::npos)
            (list += list.empty() ? "-" : " -") += letter;
    return list;
}

Result<> take_classes(const std::string& value, Options& options) {
    options.classes = 0;
    for (const std::string& word : text::split(value, ", \t")) {
        unsigned before = options.classes;
        for (const Named& row : classes)
            if (text::equal_ignoring_case(row.name, word)) options.classes |= row.bits;
        if (options.classes == before || word.empty())
            return permanent("unknown -C option value \"" + word + "\" in \"" + value + "\"");
    }
    return {};
}

Result<> take_override(const std::string& value, Options& options) {
    auto assignment = config::split_assignment(value);
    if (!assignment)
        return permanent("invalid parameter override: " + value + ": " + assignment.error().text);
    options.overrides[assignment->first] = assignment->second;
    return {};
}

Result<> take(const text::Option& given, Options& options) {
    switch (given.letter) {
        case 'C': return take_classes(given.argument, options);
        case 'c': options.directory = given.argument; return {};
        case 'q': options.quiet = true; return {};
        case 'v': ++options.verbose; return {};
        case 'o':
            if (Result<> taken = take_override(given.argument, options); !taken) return taken;
            break;
        case 'T':
            if (options.has('T')) return permanent("At most one -T <mode> option may be specified");
            options.tls_mode = given.argument;
            break;
        case 'b':
        case 't':
            if (options.has(given.letter == 'b' ? 't' : 'b')) return permanent("specify one of -b and -t");
            break;
        default: break;
    }
    options.letters += given.letter;
    return {};
}

Result<> check_together(Options& options) {
    for (char mode : modes)
        if (options.has(mode)) options.mode = mode;
    bool of_files = std::string_view("pMFP").find(options.mode) != std::string_view::npos;
    bool assigns = !options.operands.empty() && options.operands[0].find('=') != std::string::npos;
    if (of_files && assigns && !options.has('e')) options.letters += 'e';  // as postconf since 2.8
    for (std::string_view group : exclusive)
        if (std::string given = letters_of(options, group); given.size() > 2)
            if (given.find(' ') != std::string::npos) return permanent("specify one of " + given);
    std::string excess(in_order);
    std::erase(excess, options.mode);
    for (const Mode& row : takes)
        if (row.letter == options.mode)
            std::erase_if(excess, [&](char c) { return row.takes.find(c) != std::string_view::npos; });
    if (std::string given = letters_of(options, excess); !given.empty())
        return permanent(std::string("with option -") + options.mode + ", do not specify " + given);
    for (char edit : edits)
        if (options.has(edit)) options.edit = edit;
    if (options.edit == 'e' && options.operands.empty()) return permanent("-e requires name=value argument");
    if (options.edit && options.operands.empty()) return permanent("missing service argument");
    return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments, const char* mail_config) {
    Options options;
    options.directory =
        mail_config && *mail_config ? mail_config : std::string(param::config_directory.default_text);
    text::OptionReader reader(arguments, "aAbc:C:defFhHjlmMno:pPqtT:vxX#");
    while (std::optional<Result<text::Option>> given = reader.next()) {
        if (!*given) return pass(*given);
        if (Result<> taken = take(**given, options); !taken) return pass(taken);
    }
    options.operands = reader.rest();
    if (Result<> good = check_together(options); !good) return pass(good);
    return options;
}

}  // namespace ekiden::ekiconf
