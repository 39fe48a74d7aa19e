#include "admin/ekiqueue/options.h"

#include <optional>

namespace ekiden::admin {
namespace {

std::optional<QueueAction> action_of(char letter) {
    switch (letter) {
        case 'p': return QueueAction::list;
        case 'j': return QueueAction::list_json;
        case 'f': return QueueAction::flush;
        case 'i': return QueueAction::flush_id;
        case 's': return QueueAction::flush_site;
        case 'h': return QueueAction::hold;
        case 'H': return QueueAction::release;
        case 'r': return QueueAction::requeue;
        case 'd': return QueueAction::remove;
        default: return std::nullopt;
    }
}

}  // namespace

Result<QueueOptions> parse_queue_options(const std::vector<std::string>& arguments) {
    QueueOptions options;
    std::optional<QueueAction> chosen;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word.size() < 2 || word[0] != '-') return malformed("unexpected: " + word);
        for (std::size_t at = 1; at < word.size(); ++at) {
            char letter = word[at];
            if (letter == 'v') continue;  // postqueue has it
            std::optional<QueueAction> action = action_of(letter);
            if (letter != 'c' && !action) return malformed("unknown option: " + word);
            if (action && chosen) return malformed("one of -p -j -f -i -s -h -H -r -d at a time");
            if (action) chosen = action;
            bool takes_value = letter == 'c' || *chosen >= QueueAction::flush_id;
            if (!takes_value) continue;
            std::string value = word.substr(at + 1);
            if (value.empty() && i + 1 < arguments.size()) value = arguments[++i];
            if (value.empty()) return malformed(std::string("option -") + letter + " needs an argument");
            if (letter == 'c')
                options.config = {"-c", value};
            else
                options.argument = value;
            break;
        }
    }
    if (!chosen) return malformed("nothing to do");
    options.action = *chosen;
    return options;
}

}  // namespace ekiden::admin
