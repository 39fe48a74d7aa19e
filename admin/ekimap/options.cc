// As getopt reads them: letters may stand together, an argument behind its letter or in the next word; the
// first word that is no option ends them.
#include "admin/ekimap/options.h"

namespace ekiden::ekimap {
namespace {

constexpr std::string_view map_usage =
    "usage: ekimap [-bfFhijmnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";
constexpr std::string_view alias_usage =
    "usage: ekialias [-fijnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";

class Reader {
  public:
    Reader(Tool tool, const std::vector<std::string>& words) : words_(words) { options_.tool = tool; }

    Result<Options> read() {
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            if (word == "--") {
                ++at_;
                break;
            }
            if (word.size() < 2 || word[0] != '-') break;
            for (place_ = 1; place_ < words_[at_].size(); ++place_)
                if (Result<> taken = take(words_[at_][place_]); !taken) return pass(taken);
        }
        options_.tables.assign(words_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, words_.size())),
                               words_.end());
        if (options_.tables.empty()) return usage("fatal: ");
        bool message = options_.headers || options_.bodies || options_.mime;
        if (message && (options_.mode != Mode::query || options_.key != "-"))
            return malformed("fatal: specify -b -h or -m only with \"-q -\"");
        return std::move(options_);
    }

  private:
    std::unexpected<Error> usage(const std::string& before) const {
        return malformed(before + std::string(options_.tool == Tool::map ? map_usage : alias_usage));
    }

    Result<> take(char letter) {
        bool for_map = options_.tool == Tool::map;
        switch (letter) {
            case 'c':
            case 'd':
            case 'q': return take_argument(letter);
            case 's': return set_mode(Mode::list);
            case 'i': options_.incremental = true; return {};
            case 'r': options_.duplicates = Duplicates::replace; return {};
            case 'w': options_.duplicates = Duplicates::ignore; return {};
            case 'f': options_.fold = false; return {};
            case 'p': options_.inherit_rights = false; return {};
            case 'o': options_.stay_root = true; return {};
            case 'n': options_.with_nul = false; return {};
            case 'N': options_.with_nul = true; return {};
            case 'u': options_.utf8 = false; return {};
            case 'U': options_.utf8 = true; return {};
            case 'j': options_.json = true; return {};
            case 'v': ++options_.verbose; return {};
            default: break;
        }
        if (for_map && letter == 'h') return options_.headers = true, Result<>();
        if (for_map && letter == 'b') return options_.bodies = true, Result<>();
        if (for_map && letter == 'm') return options_.mime = true, Result<>();
        if (for_map && letter == 'F') return options_.file_values = true, Result<>();
        return usage(std::string("invalid option -- '") + letter + "'\nfatal: ");
    }

    Result<> set_mode(Mode mode) {
        if (options_.mode != Mode::build) return malformed("fatal: specify only one of -s -q or -d");
        options_.mode = mode;
        return {};
    }

    Result<> take_argument(char letter) {
        std::string argument = words_[at_].substr(place_ + 1);
        place_ = words_[at_].size();
        if (argument.empty()) {
            if (at_ + 1 >= words_.size())
                return usage(std::string("option requires an argument -- '") + letter + "'\nfatal: ");
            argument = words_[++at_];
            place_ = argument.size();
        }
        if (letter == 'c') {
            options_.config_directory = std::move(argument);
            options_.directory_given = true;
            return {};
        }
        options_.key = std::move(argument);
        return set_mode(letter == 'q' ? Mode::query : Mode::remove);
    }

    const std::vector<std::string>& words_;
    std::size_t at_ = 0, place_ = 0;
    Options options_;
};

}  // namespace

std::string_view name_of(Tool tool) { return tool == Tool::map ? "ekimap" : "ekialias"; }

Result<Options> parse_options(Tool tool, const std::vector<std::string>& arguments, const char* environment) {
    Result<Options> options = Reader(tool, arguments).read();
    if (options && !options->directory_given && environment && *environment)
        options->config_directory = environment;
    return options;
}

}  // namespace ekiden::ekimap
