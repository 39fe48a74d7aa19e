#include "common/tables/list_items.h"

#include "common/config/expand.h"
#include "common/config/logical_lines.h"

namespace ekiden::tables {
namespace {

constexpr int deepest_file = 5;  // files may name files

Result<> take(ListItem item, const Source& source, int depth, std::vector<ListItem>& items) {
    for (; item.text.starts_with('!'); item.text.erase(0, 1)) item.negated = !item.negated;
    if (!item.text.starts_with('/')) {
        items.push_back(std::move(item));
        return {};
    }
    const std::string& path = item.text;
    if (depth >= deepest_file) return malformed("files name each other too deeply: " + path);
    Result<std::string> content = content_of(path, source);
    if (!content) return pass(content);
    for (const config::LogicalLine& line : config::logical_lines(*content)) {
        Result<List> words = config::split_list(line.text);
        std::string where = path + ", line " + std::to_string(line.first) + ": ";
        if (!words) return malformed(where + words.error().text);
        for (const std::string& word : *words)
            if (Result<> taken = take({item.negated, word, where}, source, depth + 1, items); !taken)
                return taken;
    }
    return {};
}

}  // namespace

Result<std::vector<ListItem>> list_items(const List& items, const Source& source) {
    std::vector<ListItem> plain;
    for (const std::string& item : items)
        if (Result<> taken = take({false, item, ""}, source, 0, plain); !taken) return pass(taken);
    return plain;
}

}  // namespace ekiden::tables
