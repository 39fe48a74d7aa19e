#include "common/maildrop/submitters.h"

#include <optional>

#include "common/text/ascii.h"

namespace ekiden::maildrop {
namespace {

using Items = std::vector<std::string>;
using Read = std::function<Result<std::string>(const std::string&)>;

constexpr int deepest_file = 5;  // files may name files

Items items_in(std::string_view content) {
    Items items;
    for (const std::string& line : text::split(content, "\n"))
        if (!text::trim(line).starts_with('#'))
            for (std::string& item : text::split(line, ", \t\r")) items.push_back(std::move(item));
    return items;
}

// Nothing: no item matches.
Result<std::optional<bool>> decide(const Items& items, std::string_view user, const Read& read, int depth) {
    for (std::string_view item : items) {
        bool wanted = true;
        for (; item.starts_with('!'); item.remove_prefix(1)) wanted = !wanted;
        if (item.starts_with('/')) {
            if (depth == deepest_file) return permanent("authorized_submit_users: files name files too deep");
            Result<std::string> content = read(std::string(item));
            if (!content) return pass(content);
            Result<std::optional<bool>> inner = decide(items_in(*content), user, read, depth + 1);
            if (!inner) return inner;
            if (*inner) return **inner == wanted;
        } else if (item.starts_with("static:") || item == user) {
            return wanted;
        } else if (item.find(':') != std::string_view::npos) {
            return permanent("authorized_submit_users: " + text::printable(item, 100) +
                             ": only names, /file and static:anyone are possible here");
        }
    }
    return std::optional<bool>();
}

}  // namespace

Result<bool> may_submit(const Items& items, std::string_view user, const Read& read) {
    Result<std::optional<bool>> decided = decide(items, user, read, 0);
    if (!decided) return pass(decided);
    return decided->value_or(false);
}

}  // namespace ekiden::maildrop
