#include "common/maildrop/user_list.h"

#include <optional>

#include "common/text/ascii.h"

namespace ekiden::maildrop {
namespace {

using Items = std::vector<std::string>;
using Read = std::function<Result<std::string>(const std::string&)>;

constexpr std::string_view everybody = "static:";
constexpr int deepest_file = 5;  // files may name files

Items items_in(std::string_view content) {
    Items items;
    for (const std::string& line : text::split(content, "\n"))
        if (!text::trim(line).starts_with('#'))
            for (std::string& item : text::split(line, ", \t\r")) items.push_back(std::move(item));
    return items;
}

class Decision {
  public:
    Decision(std::string_view parameter, std::string_view user, const Read& read)
        : parameter_(parameter), user_(user), read_(read) {}

    // Nothing: no item matches.
    Result<std::optional<bool>> decide(const Items& items, int depth) const {
        for (std::string_view item : items) {
            bool wanted = true;
            for (; item.starts_with('!'); item.remove_prefix(1)) wanted = !wanted;
            if (item.starts_with('/')) {
                if (depth == deepest_file) return wrong("files name files too deep");
                Result<std::string> content = read_(std::string(item));
                if (!content) return pass(content);
                Result<std::optional<bool>> inner = decide(items_in(*content), depth + 1);
                if (!inner) return inner;
                if (*inner) return **inner == wanted;
            } else if (item.starts_with(everybody) || item == user_) {
                return wanted;
            } else if (item.find(':') != std::string_view::npos) {
                return wrong(text::printable(item, 100) +
                             ": only names, /file and static:anyone are possible here");
            }
        }
        return std::optional<bool>();
    }

  private:
    std::unexpected<Error> wrong(const std::string& what) const {
        return permanent(std::string(parameter_) + ": " + what);
    }

    const std::string_view parameter_, user_;
    const Read& read_;
};

}  // namespace

Result<bool> user_is_listed(std::string_view parameter, const Items& items, std::string_view user,
                            const Read& read) {
    Result<std::optional<bool>> decided = Decision(parameter, user, read).decide(items, 0);
    if (!decided) return pass(decided);
    return decided->value_or(false);
}

bool lists_everybody(const Items& items) { return !items.empty() && items.front().starts_with(everybody); }

}  // namespace ekiden::maildrop
