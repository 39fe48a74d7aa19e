#include "common/config/cause.h"

namespace ekiden::config {
namespace {

constexpr int deepest = 10;  // defaults that refer to defaults

std::string search(const std::string& parameter, const RawValues& set, int depth) {
    const param::Info* info = param::find(parameter);
    if (set.contains(parameter) || !info || depth > deepest) return parameter;
    for (const std::string& name : references(info->default_text))
        if (std::string cause = search(name, set, depth + 1); set.contains(cause)) return cause;
    return parameter;
}

}  // namespace

std::string cause_of(const std::string& parameter, const RawValues& set) { return search(parameter, set, 0); }

}  // namespace ekiden::config
