#pragma once
// What names services on the command line: service[/type[/field or parameter]]; `*` alone stands for any.
#include <optional>
#include <string>
#include <string_view>

#include "admin/ekiconf/master_entry.h"

namespace ekiden::ekiconf {

struct ServicePattern {
    std::string name, type, third = "*";

    bool fits(std::string_view service, std::string_view service_type) const {
        return (name == "*" || name == service) && (type == "*" || type == service_type);
    }
    bool fits(const MasterEntry& entry) const { return fits(entry.name(), entry.type()); }
};

// Nothing where the text has fewer or more parts, or `*` beside other characters. Missing parts are `*`.
std::optional<ServicePattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most);

// The column of this name; "*": nothing. Malformed for other names.
Result<std::optional<std::size_t>> parse_field(std::string_view name);

}  // namespace ekiden::ekiconf
