// Finding a row by name: the catalogue is in the order of its groups, so an index sorted by name is made
// once.
#include "common/config/params.h"

#include <algorithm>

namespace ekiden::param {
namespace {

std::array<const Info*, all.size()> sorted_by_name() {
    std::array<const Info*, all.size()> rows{};
    std::transform(all.begin(), all.end(), rows.begin(), [](const Info& info) { return &info; });
    std::sort(rows.begin(), rows.end(), [](const Info* a, const Info* b) { return a->name < b->name; });
    return rows;
}

}  // namespace

const Info* find(std::string_view name) {
    static const auto rows = sorted_by_name();
    auto row =
        std::lower_bound(rows.begin(), rows.end(), name,
                         [](const Info* info, std::string_view wanted) { return info->name < wanted; });
    return row != rows.end() && (*row)->name == name ? *row : nullptr;
}

}  // namespace ekiden::param
