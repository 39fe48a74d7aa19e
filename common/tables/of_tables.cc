#include "common/tables/of_tables.h"

#include <algorithm>

#include "common/log/events.h"
#include "common/text/ascii.h"

namespace ekiden::tables {

Task<Found> UnionTable::find(std::string key) {
    std::optional<std::string> all;
    for (const std::unique_ptr<Table>& part : parts_) {
        Found found = co_await part->find(key);
        if (!found) co_return temporary(name() + ": " + found.error().text);
        if (!*found) continue;
        all = all ? *all + "," + **found : **found;
        if (all->size() > limits::value) co_return temporary(name() + ": the value becomes too long");
    }
    co_return all;
}

bool UnionTable::takes_whole_keys() const {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const std::unique_ptr<Table>& part) { return part->takes_whole_keys(); });
}

Task<Found> PipeTable::find(std::string key) {
    for (const std::unique_ptr<Table>& part : parts_) {
        Found found = co_await part->find(key);
        if (!found) co_return temporary(name() + ": " + found.error().text);
        if (!*found) co_return std::nullopt;
        key = std::move(**found);
    }
    co_return key;
}

Task<Found> DebugTable::find(std::string key) {
    Found found = co_await inner_->find(key);
    std::string answer = !found ? "error: " + found.error().text : *found ? **found : "not found";
    log::emit(events::table_lookup, inner_->name(), text::printable(key), text::printable(answer));
    co_return found;
}

}  // namespace ekiden::tables
