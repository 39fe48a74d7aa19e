// Which options go together stands in two tables: those of which one may be given, and what each mode takes.
#include "admin/ekiconf/options.h"

#include "common/config/main_cf.h"
#include "common/config/params.h"
#include "common/text/ascii.h"

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

Result<> take_with_value(char letter, const std::string& value, Options& options) {
    if (letter == 'C') return take_classes(value, options);
    if (letter == 'c') {
        options.directory = value;
        return {};
    }
    if (letter == 'T') {
        if (options.has('T')) return permanent("At most one -T <mode> option may be specified");
        options.tls_mode = value;
    } else {
        auto assignment = config::split_assignment(value);
        if (!assignment)
            return permanent("invalid parameter override: " + value + ": " + assignment.error().text);
        options.overrides[assignment->first] = assignment->second;
    }
    options.letters += letter;
    return {};
}

Result<> take_letter(char letter, Options& options) {
    if ((letter == 'b' && options.has('t')) || (letter == 't' && options.has('b')))
        return permanent("specify one of -b and -t");
    if (letter == 'q')
        options.quiet = true;
    else if (letter == 'v')
        ++options.verbose;
    else if (in_order.find(letter) == std::string_view::npos)
        return malformed(std::string("invalid option -- '") + letter + "'");
    else
        options.letters += letter;
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
    std::size_t i = 0;
    for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i][0] == '-'; ++i) {
        if (arguments[i] == "--") {
            ++i;
            break;
        }
        for (std::size_t at = 1; at < arguments[i].size(); ++at) {
            char letter = arguments[i][at];
            bool has_value = std::string_view("cCoT").find(letter) != std::string_view::npos;
            std::string value = has_value ? arguments[i].substr(at + 1) : "";
            if (has_value && value.empty()) {
                if (i + 1 == arguments.size())
                    return malformed(std::string("option requires an argument -- '") + letter + "'");
                value = arguments[++i];
            }
            Result<> taken =
                has_value ? take_with_value(letter, value, options) : take_letter(letter, options);
            if (!taken) return pass(taken);
            if (has_value) break;
        }
    }
    options.operands.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
    if (Result<> good = check_together(options); !good) return pass(good);
    return options;
}

}  // namespace ekiden::ekiconf
